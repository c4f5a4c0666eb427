-- SPDX-License-Identifier: MIT
-- QUERY_RUNTIME and the lists of runtime registers (vf-lifecycle 7.4, 7.5).
include "_relay.lua"

local alone = { "our-pf" }
local inside = { "our-client" }

local function shaken(options)
	local s = asker(options)
	s:handshake()
	return s
end

scenario{ id = "Q-7.4-1", level = "must", source = "S", needs = alone,
	text = "Without a HANDSHAKE a query is EACCES, whatever else is wrong with it",
	run = function()
	local s = asker()
	s:refused({ QUERY_RUNTIME, 0 }, EACCES)
	s:refused({ QUERY_RUNTIME }, EACCES)
	s:refused({ QUERY_RUNTIME, 9999, 0 }, EACCES)
end }

scenario{ id = "Q-7.4-2", level = "must", source = "S", needs = alone,
	text = "A query of more than 2 dwords is EMSGSIZE, of fewer EPROTO",
	run = function()
	local s = shaken()
	s:refused({ QUERY_RUNTIME, 0, 0 }, EMSGSIZE)
	s:refused({ QUERY_RUNTIME }, EPROTO)
end }

scenario{ id = "Q-7.4-3", level = "must", source = "S", needs = alone,
	text = "A start beyond the list is ERANGE",
	run = function()
	local s = shaken()
	s:refused({ QUERY_RUNTIME, #s:query() + 1 }, ERANGE)
	s:refused({ QUERY_RUNTIME, 0xFFFFFFFF }, ERANGE)
end }

scenario{ id = "Q-7.4-4", level = "must", source = "S", needs = alone,
	text = "A start at the list's end gives no registers, and none remain",
	run = function()
	local s = shaken()
	local none, remain = s:query(#s:query())
	expect.eq(#none, 0)
	expect.eq(remain, 0)
end }

scenario{ id = "Q-7.4-5", level = "must", source = "S", needs = alone,
	text = "COUNT is what the limit allows, REMAINING the rest: pages make up the list",
	run = function()
	local s = shaken()
	local all = s:query()
	local got = {}
	repeat
		local page, remain = s:query(#got, 3)
		expect.eq(#page, math.min(3, #all - #got))
		expect.eq(remain, #all - #got - #page)
		for _, r in ipairs(page) do
			got[#got + 1] = r
		end
	until remain == 0
	expect.eq(got, all)
end }

scenario{ id = "Q-7.4-6", level = "must", source = "S", needs = alone,
	text = "Values are those of when the GT came up, also after a migration of another VF",
	run = function()
	local s = shaken{ vfs = 2 }
	local before = s:query()
	for _, r in ipairs(before) do
		expect.eq(r[2], s.a.pf:read32(r[1]), string.format("register 0x%x", r[1]))
	end
	-- From here on they read otherwise.
	fault(string.format("on mmio-read pf range=0x%x+4 do set value=0x5A5A5A5A", before[1][1]), s.a)
	expect.eq(s.a.pf:read32(before[1][1]), 0x5A5A5A5A)
	expect.eq(s:query(), before)
	local other = s.a:vf(2)
	vmm.migrate(other, card{ vfs = 2 })
	other:recovered()
	expect.eq(s:query(), before)
	-- A GT reset under the PF is a new beginning.
	s.a.pf:reset()
	s.v:open_rings()
	s:handshake()
	expect.eq(s:query()[1], { before[1][1], 0x5A5A5A5A })
end }

scenario{ id = "Q-7.4-7", level = "must", source = "S", needs = alone,
	text = "Of a media GT offsets below 0x40000 are 0x380000 higher",
	run = function()
	local a = card{ gts = 2, disclose = true }
	local v = a:vf(1)
	local seen, answers = 0, {}
	-- A client of somebody else's may ask when it runs already, or not at all.
	for _ = 1, 60 do
		answers = events{ point = "g2h", action = "RELAY_FROM_PF", vf = 1, gt = 1,
			where = function(e) return e.len > 4 end }
		if #answers > 0 or has "our-client" then
			break
		end
		sleep(50)
	end
	if #answers == 0 and not has "our-client" then
		skip "the client asks for no registers of the media GT"
	end
	for _, e in ipairs(answers) do
		for i = 4, e.len - 2, 2 do
			expect.ok(e.dw[i] >= 0x380000, string.format("offset 0x%x", e.dw[i]))
			seen = seen + 1
		end
	end
	expect.ok(seen > 0, "registers of the media GT")
end }

-- A booting driver keeps nothing of runtime registers that come as these rules make them.
local function refuses(rules, options)
	local v = boot_with(rules, options)
	expect.eq(v:info().runtime, 0, "registers kept after " .. rules[1])
end
-- A rule on the whole list of 14; dw[2] and on: header with COUNT, REMAINING, pairs.
local function odd_list(rule)
	refuses{ "on g2h vf=1 action=RELAY_FROM_PF dw2=0x7000000E do " .. rule }
end

scenario{ id = "Q-7.4-8", level = "must", source = "S", needs = inside,
	text = "A VF refuses an answer with half a pair",
	run = function() odd_list("truncate 1") end }

scenario{ id = "Q-7.4-9", level = "must", source = "S", needs = inside,
	text = "A VF refuses an answer whose COUNT is not the number of its pairs",
	run = function() odd_list("set dw2=0x1/0x1") odd_list("truncate 2") end }

scenario{ id = "Q-7.4-10", level = "must", source = "S", needs = inside,
	text = "A VF refuses more registers than the first answer had announced",
	run = function()
	-- The first of two pages says that 2 remain; they are 4.
	refuses({ "on g2h vf=1 action=RELAY_FROM_PF dw2=0x70000010 do set dw3=2" }, { runtime = 20 })
end }

scenario{ id = "Q-7.4-11", level = "must", source = "S", needs = inside,
	text = "A failed query leaves a VF without a list, and it says so",
	run = function()
	refuses{ "on h2g vf=1 action=RELAY_TO_PF nth=2 do failure 0x60" }
	expect.event{ point = "vf-log", text = "Failed to get runtime info" }
end }

scenario{ id = "Q-7.4-12", level = "must", source = "S", needs = { "our-pf", "our-client" },
	text = "A VF finds a register by its offset, on the media GT by the offset without the shift; another it does not know",
	run = function()
	local a = card{ gts = 2 }
	local v = a:vf(1)
	for gt = 0, 1 do
		expect.eq(v:runtime(0x9118, gt), a.pf:read32(0x9118 + gt * 0x380000))
		expect.fails("ENOENT", function() v:runtime(0x1234, gt) end)
	end
	expect.ok(v:runtime(0xD00, 0) ~= nil)
end }

scenario{ id = "Q-7.4-13", level = "should", source = "D", needs = inside,
	text = "A VF refuses an answer of no registers that says that some remain",
	run = function()
	local function list(what)
		return "on g2h vf=1 action=RELAY_FROM_PF from=2 do " .. what
	end
	-- One that asks again and again is told the same for ever.
	refuses{ list "set dw2=0x70000000", list "set dw3=5", list "truncate 28" }
end }

scenario{ id = "Q-7.4-14", level = "should", source = "D", needs = inside,
	text = "A VF refuses COUNT and REMAINING whose sum overflows",
	run = function() odd_list("set dw3=0xFFFFFFFF") end }

scenario{ id = "Q-7.4-15", level = "should", source = "D", needs = inside,
	text = "A VF refuses a list that is not sorted, or has an offset twice",
	run = function()
	odd_list("set dw4=0xFFFC")
	odd_list("set dw6=0x0D00")
end }

scenario{ id = "Q-7.4-16", level = "must", source = "S",
	text = "A VF does not ask again after a migration",
	run = function()
	local a, b = card{}, card{}
	local v = a:vf(1)
	mark()
	vmm.migrate(v, b)
	v:recovered()
	expect.no{ point = "h2g", action = "RELAY_TO_PF", vf = 1 }
end }

-- The PF's list for a graphics version (times 100).
local COMMON = { 0x0D00, 0x9114, 0x9118, 0x911C, 0x9130, 0x9134, 0x9138, 0x913C, 0x9140, 0x9144,
	0x9148, 0x914C, 0x9150, 0x9154, 0x915C, 0x9160, 0x9170, 0xC1DC }
local function listed(id, what, versions, without)
	scenario{ id = id, level = "must", source = "S", needs = alone,
		text = "The list of graphics " .. what,
		run = function()
			local wanted = {}
			for _, offset in ipairs(COMMON) do
				if not without:find(string.format("%04x", offset), 1, true) then
					wanted[#wanted + 1] = offset
				end
			end
			for _, version in ipairs(versions) do
				local offsets = {}
				for n, r in ipairs(shaken{ graphics = version }:query()) do
					offsets[n] = r[1]
				end
				expect.eq(offsets, wanted, "graphics " .. version)
			end
		end }
end
listed("Q-7.5-1", "12.00", { 1200 }, "9114 911c 9130 9144 9148 914c 9150 9154 915c 9160 9170")
listed("Q-7.5-2", "12.55", { 1255 }, "9114 9130 9138 9148 914c 9150 9154 915c 9160 9170")
listed("Q-7.5-3", "12.60", { 1260 }, "9114 911c 9130 9138 914c 9150 9154 915c 9160 9170")
listed("Q-7.5-4", "12.70 and newer", { 1270, 1274 }, "9130 9138 914c 9150 9154 915c 9160 9170")
listed("Q-7.5-5", "20 and newer", { 2001, 2004 }, "9130 9138 915c 9160 9170")
listed("Q-7.5-6", "30 and newer", { 3000, 3003 }, "9138 915c 9160 9170")
listed("Q-7.5-7", "35 and newer", { 3500 }, "911c 9138 c1dc")

scenario{ id = "Q-7.5-8", level = "must", source = "S", needs = alone,
	text = "For any other graphics version the PF does not come up",
	run = function()
	for _, version in ipairs{ 1199, 1210, 1256, 1261 } do
		expect.fails(nil, function() card{ graphics = version } end)
	end
end }

-- Pages of a driver's or a script's queries, until none remain; their sizes.
local function pages(s, limit)
	local at, sizes = 0, {}
	repeat
		local page, remain = s:query(at, limit)
		for n, r in ipairs(page) do
			expect.eq(r, { 0x9000 + 4 * (at + n - 1), at + n - 1 })
		end
		at = at + #page
		sizes[#sizes + 1] = #page
	until remain == 0
	return sizes
end

scenario{ id = "Q-7.5-9", level = "must", source = "S", needs = { "our-pf", "our-client" },
	text = "A list of more than 16 comes in pages to who asks for 16 at a time, as drivers do",
	run = function()
	expect.eq(pages(shaken{ runtime = 20 }, 16), { 16, 4 })
	local a = card{ runtime = 20 }
	local v = a:vf(1)
	expect.eq(v:info().runtime, 20)
	expect.eq(v:runtime(0x9000 + 4 * 19), 19)
end }

scenario{ id = "Q-7.5-10", level = "must", source = "S", needs = alone,
	text = "A list of more than 125 comes in pages even without a limit",
	run = function()
	expect.eq(pages(shaken{ runtime = 300 }), { 125, 125, 50 })
end }
