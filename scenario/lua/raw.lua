-- SPDX-License-Identifier: MIT
-- Below the drivers: registers, memory, mailboxes and rings, as a VF or as the PF.
-- Methods are there for both.
local core, env = ...

local function both(form, text, fn)
	core.def("Below the drivers", "vf:" .. form, text .. " Also `pf:`.", fn)
	core.classes.pf[form:match("^[%w_]+")] = fn
end

env.action, env.err, env.klv, env.reg = core.names.action, core.names.err, core.names.klv,
	core.names.reg

local function me(o, what)
	core.seen(o, what, o.kind == "pf" and "our-pf" or "our-client")
	return o.kind, o.id
end

both("read32(offset)", "Read a register of the function's BAR.", function(o, off)
	local kind, id = me(o, "read32()")
	return core.mmio_read(kind, id, off, 4)
end)
both("read64(offset)", "The same, 64 bits.", function(o, off)
	local kind, id = me(o, "read64()")
	return core.mmio_read(kind, id, off, 8)
end)
both("write32(offset, value)", "Write a register.", function(o, off, value)
	local kind, id = me(o, "write32()")
	core.mmio_write(kind, id, off, 4, value)
end)
both("write64(offset, value)", "The same, 64 bits: a GGTT entry, from `reg.GGTT` on.",
	function(o, off, value)
		local kind, id = me(o, "write64()")
		core.mmio_write(kind, id, off, 8, value)
	end)

both("mem_read(offset, length)", "Bytes of its memory, as text.", function(o, off, len)
	local kind, id = me(o, "mem_read()")
	return core.mem_read(kind, id, off, len)
end)
both("mem_write(offset, bytes)", "Write them.", function(o, off, bytes)
	local kind, id = me(o, "mem_write()")
	core.mem_write(kind, id, off, bytes)
end)
both("dword(offset, [value])", "A dword of its memory; with a value it is written.",
	function(o, off, value)
		local kind, id = me(o, "dword()")
		if value then
			core.mem_write(kind, id, off, string.pack("<I4", value & 0xFFFFFFFF))
		else
			return (string.unpack("<I4", core.mem_read(kind, id, off, 4)))
		end
	end)
both("mem_info()", "DMA address and size of its memory. A VF's driver maps page k of it at its " ..
	"GGTT start + 4096 k.", function(o)
	local kind, id = me(o, "mem_info()")
	return core.mem_info(kind, id)
end)

-- The mailbox of a GT: where its registers are.
local function mailbox(o, gt)
	local gts = 1
	if o.kind == "vf" then
		gts = select(3, core.vf_where(o.id))
	else
		gts = core.card_shape(o.card.index).gts
	end
	local base = gt // gts * env.reg.TILE
	if gt % gts == 1 then
		return base + env.reg.MED_VF_SW_FLAG, base + env.reg.MED_GUC_HOST_INTERRUPT
	end
	return base + env.reg.VF_SW_FLAG, base + env.reg.GUC_HOST_INTERRUPT
end

both("mbox({dwords}, [gt], [ms])",
	"A request of 1 to 4 dwords through the mailbox: the reply's four. It waits until the GuC " ..
	"has answered, 50 ms by default, over BUSY and not over RETRY.",
	function(o, dw, gt, ms)
		local kind, id = me(o, "mbox()")
		local flag, bell = mailbox(o, gt or 0)
		for i = 0, 3 do
			core.mmio_write(kind, id, flag + 4 * i, 4, dw[i + 1] or 0)
		end
		core.mmio_write(kind, id, bell, 4, 1)
		local function answered()
			local v = core.mmio_read(kind, id, flag, 4)
			return v >> 31 == 1 and v >> 28 & 7 ~= 3
		end
		if not core.await(answered, ms or 50) then
			core.raise(110, "mailbox")
		end
		local reply = {}
		for i = 0, 3 do
			reply[i + 1] = core.mmio_read(kind, id, flag + 4 * i, 4)
		end
		return reply
	end)

both("send({dwords}, {type=, gt=, ms=})",
	"A message of the script's own through the function's ring: `REQUEST` (the default; the " ..
	"answer's dwords, EIO when it is a failure), `FAST_REQUEST` or `EVENT` (nothing). Origin and " ..
	"type of the header are set.",
	function(o, dw, t)
		local kind, id = me(o, "send()")
		t = t or {}
		return core.finish(core.ct_send(kind, id, t.gt or 0, t.type or "REQUEST", dw), "send",
			t.ms or 5000)
	end)
both("rings([gt])",
	"Where its rings lie in memory and their cursors: state, h2g_desc, h2g_buf, h2g_dwords, " ..
	"h2g_tail, g2h_desc, g2h_buf, g2h_dwords, g2h_head, g2h_space, doorbell, sent, received, " ..
	"orphans, bad_events, fast_failures.",
	function(o, gt)
		local kind, id = me(o, "rings()")
		return core.ct_info(kind, id, gt or 0)
	end)
both("doorbell([gt])", "Ring it.", function(o, gt)
	local kind, id = me(o, "doorbell()")
	local _, bell = mailbox(o, gt or 0)
	core.mmio_write(kind, id, bell, 4, 1)
end)

-- --- messages -------------------------------------------------------------------------------

local types = { REQUEST = 0, EVENT = 1, FAST_REQUEST = 2 }

core.def("Below the drivers", "hxg.header(ACTION, [data0], [TYPE])",
	"The first dword of a message of the host; the action by name or number.",
	function(action, data0, type_)
		local code = type(action) == "string" and env.action[action] or action
		if not code then
			core.complain("there is no action '%s'", tostring(action))
		end
		return (types[type_ or "REQUEST"] or type_) << 28 | (data0 or 0) << 16 | code
	end)
core.def("Below the drivers", "hxg.type(dword)", "Type of a message: `\"SUCCESS\"`, ...",
	function(dw)
		return ({ [0] = "REQUEST", "EVENT", "FAST_REQUEST", "BUSY", "4", "RETRY", "FAILURE",
			"SUCCESS" })[dw >> 28 & 7]
	end)
core.def("Below the drivers", "hxg.error(dword)", "Error code and hint of a FAILURE.",
	function(dw) return dw & 0xFFFF, dw >> 16 & 0xFFF end)
core.def("Below the drivers", "hxg.klv(KEY, dword, ...)",
	"A KLV as dwords, key by name or number.",
	function(key, ...)
		local code = type(key) == "string" and env.klv[key] or key
		if not code then
			core.complain("there is no key '%s'", tostring(key))
		end
		return code << 16 | select("#", ...), ...
	end)

-- --- a VF without a driver -----------------------------------------------------------------------

local H2G, G2H, BYTES = 0x10000, 0x20000, 0x4000

core.def("Below the drivers", "vf:map([pages])",
	"Map its memory as a driver would: page k at GGTT start + 4096 k. For one without a driver.",
	function(v, pages)
		local card, fn = core.vf_where(v.id)
		local info = core.card_info(card, fn, 0)
		local dma, size = core.mem_info("vf", v.id)
		local n = math.min(size, info.ggtt_size) // 4096
		for k = 0, math.min(n, pages or n) - 1 do
			core.mmio_write("vf", v.id, env.reg.GGTT + (info.ggtt_start // 4096 + k) * 8, 8,
				dma + 4096 * k | 1)
		end
		return info.ggtt_start
	end)

core.def("Below the drivers", "vf:open_rings([gt])",
	"Bring a driverless VF's rings up: reset, version 1.2, memory mapped, addresses registered, " ..
	"CTB enabled. Then `vf:send()` works.",
	function(v, gt)
		gt = gt or 0
		local start = v:map()
		local function ask(...)
			local reply = v:mbox({ ... }, gt)
			if env.hxg.type(reply[1]) ~= "SUCCESS" then
				core.complain("the mailbox says 0x%08x to 0x%08x", reply[1], (...))
			end
		end
		ask(env.hxg.header("VF_RESET"))
		ask(env.hxg.header("MATCH_VERSION"), 0x10200)
		core.ct_open("vf", v.id, gt, H2G, G2H, BYTES, BYTES)
		for _, k in ipairs {
			{ "SELF_H2G_CTB_DESC_ADDR", 2, start + H2G },
			{ "SELF_H2G_CTB_ADDR", 2, start + H2G + 4096 },
			{ "SELF_H2G_CTB_SIZE", 1, BYTES },
			{ "SELF_G2H_CTB_DESC_ADDR", 2, start + G2H },
			{ "SELF_G2H_CTB_ADDR", 2, start + G2H + 4096 },
			{ "SELF_G2H_CTB_SIZE", 1, BYTES },
		} do
			ask(env.hxg.header("SELF_CFG"), env.klv[k[1]] << 16 | k[2], k[3], 0)
		end
		ask(env.hxg.header("CONTROL_CTB"), 1)
		core.ct_state("vf", v.id, gt, "enable")
	end)
