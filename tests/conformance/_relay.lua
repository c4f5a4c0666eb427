-- SPDX-License-Identifier: MIT
-- What scenarios on the relay share: a VF played by the script, whose messages to the PF
-- go through the GuC like a driver's.
include "_common.lua"

local last_id = 0

-- A card, and on it a VF with rings and no driver. `options`: of the card, which says why
-- it refuses something unless told otherwise.
function asker(options)
	local s = { a = card(over({ disclose = true }, options)) }
	s.v = s.a:vf(1, { driver = false })
	s.v:open_rings()
	mark()

	-- Send a relay message {dwords}, with the id or the next one. The id.
	function s:relay(dw, id, how)
		last_id = id or last_id + 1
		local message = { hxg.header("RELAY_TO_PF"), last_id }
		for _, d in ipairs(dw) do
			message[#message + 1] = d
		end
		self.v:send(message, how)
		return last_id
	end
	-- Its answer: dwords of the relay message, {[0] = header, ...}.
	function s:answer(id, ms)
		local e = await{ point = "g2h", action = "RELAY_FROM_PF", vf = 1, dw = { [1] = id },
			timeout = ms or 5000 }
		local dw = {}
		for i = 2, e.len - 1 do
			dw[i - 2] = e.dw[i]
		end
		dw.n = e.len - 2
		return dw
	end
	function s:ask(dw, how)
		return self:answer(self:relay(dw, nil, how))
	end
	-- The answer is a refusal with this number and, as hint, the same.
	function s:refused(dw, errno, type_)
		dw[1] = dw[1] | (type_ or 0) << 28
		local reply = self:ask(dw)
		expect.eq(hxg.type(reply[0]), "FAILURE", "type of the answer")
		local code, hint = hxg.error(reply[0])
		expect.eq(code, errno, "error of the answer")
		expect.eq(hint, errno, "hint of the answer")
		expect.eq(reply.n, 1, "dwords of the answer")
	end
	-- Shake hands; the version agreed on, major << 16 | minor.
	function s:handshake(wanted)
		local reply = self:ask{ HANDSHAKE, wanted or 1 << 16 }
		expect.eq(hxg.type(reply[0]), "SUCCESS")
		expect.eq(reply[0] & 0xFFFFFFF, 0, "DATA0 of the answer")
		expect.eq(reply.n, 2, "dwords of the answer")
		return reply[1]
	end
	-- Runtime registers from `start` on: pairs, and how many remain.
	function s:query(start, limit)
		local reply = self:ask{ QUERY_RUNTIME | (limit or 0) << 16, start or 0 }
		expect.eq(hxg.type(reply[0]), "SUCCESS")
		local pairs_ = {}
		for i = 2, reply.n - 1, 2 do
			pairs_[#pairs_ + 1] = { reply[i], reply[i + 1] }
		end
		expect.eq(reply[0] & 0xFFFFFFF, #pairs_, "COUNT of the answer")
		return pairs_, reply[1]
	end
	return s
end

-- A driver boots on a card with these rules, each of which fires once. The driver, and
-- what its boot ends with: an errno's name, or nil.
function boot_with(rules, options)
	local a = card(options or {})
	local v = a:vf(1, { boot = false })
	local added = {}
	for n, rule in ipairs(rules) do
		added[n] = fault(rule, a)
	end
	mark()
	local ok, why = pcall(v.boot, v)
	for n, rule in ipairs(rules) do
		expect.eq(added[n]:fired(), 1, rule)
	end
	return v, not ok and why.errno or nil
end

HANDSHAKE, QUERY_RUNTIME, TESTLOOP = 0x0001, 0x0101, 0xDEB1
FAST, EVENT = 2, 1 -- types of a message, for refused()

-- errnos of Linux, as the relay speaks of them
EPERM, EACCES, EINVAL, ERANGE, EBADRQC, ENODATA, ENOPKG, EPROTO = 1, 13, 22, 34, 56, 61, 65, 71
EMSGSIZE, EOPNOTSUPP, EPFNOSUPPORT, ENOBUFS, ECONNREFUSED, EHWPOISON = 90, 95, 96, 105, 111, 133
