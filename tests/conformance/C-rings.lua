-- SPDX-License-Identifier: MIT
-- Message rings across a migration: what was sent, what was not read, what is answered too
-- late (vf-lifecycle 6.2, 4.9).
include "_recovery.lua"

local inside = { "our-client" }

-- The recovery of a VF stands before its first step: it knows of the migration.
local function pending(options)
	local s = stage(options)
	stand_at(s, seed_generation and "seed-query" or "query")
	mark()
	return s
end

scenario{ id = "C-01", level = "must", source = "S", needs = inside,
	text = "While a recovery is pending nothing is sent through the ring",
	run = function()
	local s = pending()
	local tail = s.v:rings().h2g_tail
	pcall(s.v.tlb_invalidate, s.v)
	pcall(s.v.relay, s.v, { 1, 1 << 16 })
	s.v:queue():submit()
	sleep(100)
	expect.no{ point = "h2g", vf = 1 }
	expect.eq(s.v:rings().h2g_tail, tail)
	s.v:continue()
	s.v:recovered()
end }

scenario{ id = "C-02", level = "must", source = "S", needs = inside,
	text = "A request that waits for its answer at a migration is ECANCELED, not EIO",
	run = function()
	local s = stage{ load = false }
	local task = asks_in_vain(s, "on h2g vf=1 action=RELAY_TO_PF do drop")
	s:move()
	task:join(10000)
	s:works()
end }

scenario{ id = "C-03", level = "must", source = "S", needs = inside,
	text = "An answer that is in the ring before the save counts",
	run = function()
	local s = stage{ load = false }
	local answered
	local task = spawn(function() answered = s.v:relay{ 0x0101, 0 } end)
	await{ point = "g2h", action = "RELAY_FROM_PF", vf = 1 }
	s:move()
	task:join(10000)
	expect.ok(answered, "the answer")
	s:works()
end }

scenario{ id = "C-04", level = "must", source = "S", needs = inside,
	text = "An answer with a fence that nobody waits for: one warning, the channel lives",
	run = function()
	local s = stage{ load = false }
	local r = fault("on g2h vf=1 type=response first=1 do fence 100", s.a)
	pcall(s.v.relay, s.v, { 0x0101, 0 })
	expect.eq(r:fired(), 1)
	expect.ok(s.v:rings().orphans >= 1)
	s.v:queue():submit():wait()
	expect.eq(s.v:state(), "ready")
end }

scenario{ id = "C-05", level = "must", source = "S", needs = inside,
	text = "A failed FAST_REQUEST is of no matter while a recovery is pending",
	run = function()
	local s = stage{ load = false }
	if not has "in-process" then
		skip("what the driver of a frozen machine sends reaches its card when that is thawed")
	end
	-- The failure comes with the save: the driver reads it when it knows of the migration.
	local r = fault("on h2g vf=1 type=fast first=1 do failure 0x60", s.a)
	vmm.freeze(s.v)
	s.v:send({ hxg.header("TLB_INVALIDATION"), 0x7000, 0 }, { type = "FAST_REQUEST" })
	sleep(1)
	expect.eq(r:fired(), 1)
	s:move()
	s:works()
	expect.eq(s.v:rings().state, "on")
end }

scenario{ id = "C-06", level = "must", source = "S", needs = inside,
	text = "Unread messages are gone from the ring: a context is registered once, with its new address",
	run = function()
	local s = stage{ card = { drain = false }, load = false }
	s.v:queue():submit():wait()
	local q = s.v:queue(0, "blitter")
	fault("on mmio-write vf=1 do drop", s.a)
	q:submit("store", 9)
	sleep(has "in-process" and 0.05 or 20)
	s:move()
	s:works()
	expect.eq(s.v:counts().bad, 0)
	local seen = {}
	for _, e in ipairs(events{ point = "h2g", action = "REGISTER_CONTEXT", vf = 1, card = s.b }) do
		expect.ok(not seen[e.dw[2]], "registered once")
		seen[e.dw[2]] = true
		local info = s.b:info(1)
		expect.ok(e.dw[10] >= info.ggtt_start and e.dw[10] < info.ggtt_start + info.ggtt_size,
			"its address")
	end
end }

scenario{ id = "C-07", level = "must", source = "S", needs = inside,
	text = "Migrated with a ring that has wrapped: the GuC walks through it, jobs end right",
	run = function()
	local s = stage{ card = { drain = false }, load = false }
	local queues = {}
	for n = 1, 8 do
		queues[n] = s.v:queue()
	end
	for round = 1, 40 do
		for _, q in ipairs(queues) do
			q:submit("store", round)
		end
		sleep(0.2)
		if round % 10 == 0 then
			s:move()
			s.v:recovered()
			s.a, s.b = s.b, s.a
		end
	end
	s:works()
	expect.eq(s.v:counts().bad, 0)
end }

scenario{ id = "C-08", level = "must", source = "S", needs = inside,
	text = "Migrated with a full ring: after DONE it drains, and no send fails for good",
	run = function()
	local s = stage{ card = { drain = false }, load = false }
	local q = s.v:queue()
	q:submit():wait()
	fault("on mmio-write vf=1 do drop", s.a)
	for _ = 1, 300 do
		pcall(s.v.tlb_invalidate, s.v)
	end
	s:move()
	s.v:recovered()
	q:submit():wait()
	s:works()
end }

scenario{ id = "C-09", level = "must", source = "S", needs = inside,
	text = "A message whose tail was not moved is never executed",
	run = function()
	local s = stage{ load = false }
	local r = s.v:rings()
	-- A TLB invalidation behind the tail, as one that was being written.
	s.v:dword(r.h2g_buf + 4 * r.h2g_tail, 0x20107000)
	s:move()
	s:works()
	expect.no{ point = "h2g", vf = 1, where = function(e) return e.dw[0] == 0x20107000 end }
end }

scenario{ id = "C-10", level = "should", source = "S/D", needs = inside,
	text = "Room for answers that were lost in a migration is given back",
	run = function()
	local s = stage{ card = { drain = false }, load = false }
	sleep(100) -- whatever the boot still waits for has come
	local before = s.v:rings().g2h_space
	for _ = 1, 20 do
		-- The GuC does not hear of it, and so it is in the ring when the VF moves.
		local deaf = fault("on mmio-write vf=1 do drop", s.a)
		s.v:tlb_invalidate()
		sleep(has "in-process" and 0.1 or 20)
		expect.ok(s.v:rings().g2h_space < before, "room is kept for the answer")
		s:move()
		s.v:recovered()
		deaf:remove()
		s.a, s.b = s.b, s.a
	end
	expect.eq(s.v:rings().g2h_space, before)
end }

scenario{ id = "C-24", level = "must", source = "S", needs = inside,
	text = "A TLB invalidation that is outstanding at a migration counts as done",
	run = function()
	local s = stage{ load = false }
	local r = fault("on g2h vf=1 action=TLB_INVALIDATION_DONE do drop", s.a)
	s.v:tlb_invalidate()
	fires(r)
	expect.ok(s.v:info().tlb_done < s.v:info().tlb_sent)
	s:move()
	s:works()
	expect.eq(s.v:info().tlb_done, s.v:info().tlb_sent)
end }

scenario{ id = "C-27", level = "must", source = "S", needs = inside,
	text = "A relay request that a migration cuts off ends, once",
	run = function()
	local s = stage{ load = false }
	local r = fault("on g2h vf=1 action=RELAY_FROM_PF do drop", s.a)
	local ends = 0
	local task = spawn(function()
		pcall(s.v.relay, s.v, { 0x0101, 0 })
		ends = ends + 1
	end)
	fires(r)
	s:move()
	task:join(10000)
	s:works()
	sleep(3000)
	expect.eq(ends, 1)
end }

scenario{ id = "C-28", level = "must", source = "S", needs = inside,
	text = "After a migration the new PF knows of no handshake: a query alone is refused, a driver shakes hands anew",
	run = function()
	local s = stage{ load = false }
	s:move()
	s:works()
	expect.eq(s.b.pf:info(1).relay_major, 0)
	pcall(s.v.relay, s.v, { 0x0101, 0 })
	s.v:relay{ 0x0001, 1 << 16 }
	s.v:relay{ 0x0101, 0 }
	expect.eq(s.b.pf:info(1).relay_major, 1)
end }

scenario{ id = "C-31", level = "must", source = "S", needs = inside,
	text = "From RESUME to DONE the GuC leaves the rings alone",
	run = function()
	local s = stage()
	s.load:more()
	stand_at(s, seed_generation and "seed-notify" or "done")
	local before = s.v:rings()
	s.v:doorbell()
	sleep(50)
	local after = s.v:rings()
	expect.eq(after.received, before.received)
	expect.no{ point = { "h2g", "g2h" }, vf = 1, card = s.b }
	s.v:continue()
	s:works()
end }
