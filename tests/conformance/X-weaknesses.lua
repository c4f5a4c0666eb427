-- SPDX-License-Identifier: MIT
-- Where Linux 7.2's drivers are weak and a better one is not, as far as no other row
-- shows it; ids are the sections of vf-lifecycle (8.3 VF, 8.4 PF). Each weakness can be
-- chosen for our drivers, and tests/weaknesses.tsv says which row then fails.
include "_recovery.lua"

local inside = { "our-client" }
local latest = { "our-client", "generation=latest" }
local our_pf = { "our-pf" }

scenario{ id = "X-8.3-3", level = "should", source = "D", needs = latest,
	text = "A recovery that begins anew after 0x107 at DONE is one: nothing is sent before its end",
	run = function()
	local s = stage{ load = false }
	local q = s.v:queue()
	q:submit():wait()
	-- No interrupt tells of a second migration.
	s:odd("on mbox-request vf=1 action=RESFIX_DONE first=1 do failure 0x107")
	stand_at(s, "done")
	s.v:step_until("shutdown")
	local tail = s.v:rings().h2g_tail
	pcall(s.v.tlb_invalidate, s.v)
	local job = q:submit()
	sleep(50)
	expect.eq(s.v:rings().h2g_tail, tail, "tail of H2G")
	s.v:continue()
	s:works()
	job:wait()
end }

scenario{ id = "X-8.3-4", level = "should", source = "D", needs = latest,
	text = "Another ABI minor that is refused is not remembered as the one agreed on",
	run = function()
	local s = stage{ card = { abi = 27 }, there = { abi = 28 } }
	s:move()
	s:works()
	expect.eq(ended(s.v:start("reset")), "EREMCHG")
	expect.eq(s.v:info().abi_minor, 27)
end }

scenario{ id = "X-8.3-5", level = "should", source = "D", needs = inside,
	text = "Refused by a PF that knows of no handshake, a driver shakes hands and asks again by itself",
	run = function()
	for _, disclose in ipairs{ true, false } do
		local s = stage{ card = { disclose = disclose }, load = false }
		s:move()
		s:works()
		expect.ok(pcall(s.v.relay, s.v, { 0x0101, 0 }), "the PF has answered")
		expect.eq(s.b.pf:info(1).relay_major, 1)
	end
end }

scenario{ id = "X-8.3-6", level = "should", source = "D", needs = inside,
	text = "A GT that recovers leaves alone what else is on in the device's interrupt mask",
	run = function()
	local s = stage{ card = { gts = 2 } }
	s.v:reset()
	local told = expect.event{ point = "mbox-request", action = "SELF_CFG", where = function(e)
		return e.dw[1] >> 16 == klv.SELF_MEMIRQ_SOURCE_ADDR
	end }
	local mask = (told.dw[2] - s.v:info().ggtt_start & ~0xFFF) + 0x440
	expect.eq(s.v:dword(mask), 1)
	s.v:dword(mask, 3)
	s:move()
	s:works()
	expect.eq(s.v:dword(mask), 3)
end }

scenario{ id = "X-8.3-7", level = "should", source = "D", needs = inside,
	text = "A recovery ends the waits for the PF that was left: ECANCELED, without its 2.5 s",
	run = function()
	local s = stage{ load = false }
	local began = now()
	local task = asks_in_vain(s, "on g2h vf=1 action=RELAY_FROM_PF do drop")
	s:move()
	task:join(10000)
	s:works()
	expect.ok(now() - began < 2000, "ended after " .. now() - began .. " ms")
end }

scenario{ id = "X-8.4-1", level = "should", source = "D", needs = our_pf,
	text = "A PF knows who has recovered: it counts FIXUP_DONE",
	run = function()
	local s = stage()
	s:move()
	s:works()
	await{ point = "pf-notify", code = 4, card = s.b }
	expect.eq(s.b.pf:info(1).fixup_done, 1)
end }

scenario{ id = "X-8.4-5", level = "should", source = "D", needs = our_pf,
	text = "A verb ends with the error of the GT that failed, whichever it is",
	run = function()
	for gt = 0, 1 do
		local a = card{ gts = 2 }
		a.pf:provision(1, { ggtt = "8M", contexts = 8 })
		fault("on h2g pf gt=" .. gt .. " action=VF_CONTROL dw2=3 do failure 0x0A", a)
		expect.fails("EIO", function() a.pf:stop(1) end)
	end
end }

scenario{ id = "X-8.4-10", level = "should", source = "D", needs = our_pf,
	text = "While a VF's share is changed the GuC always has one: no message takes it away",
	run = function()
	local a = card{}
	a.pf:provision(1, { ggtt = "8M", contexts = 8 })
	mark()
	a.pf:provision(1, { ggtt = "8M", contexts = 16 })
	expect.event{ point = "h2g", fn = 0, action = "UPDATE_VF_CFG" }
	expect.no{ point = "state", vf = 1, to = "UNPROVISIONED" }
	expect.no{ point = "h2g", fn = 0, action = "UPDATE_VF_CFG", where = function(e)
		return e.dw[4] == 0
	end }
	expect.eq(a:info(1).contexts, 16)
end }
