-- SPDX-License-Identifier: MIT
-- Migrations of a working VF that nothing disturbs: where its range goes, on how many
-- GTs, told how often (vf-lifecycle 6.1).
include "_recovery.lua"

local function moves(from, to, gts)
	local s = stage{ start = from, card = { gts = gts or 1 } }
	s:move(to)
	s:works()
	if ours then
		expect.eq(s.v:info().ggtt_start, to)
	end
end

scenario{ id = "R-01", level = "must", source = "S", needs = { "generation=latest" },
	text = "After a migration to the same base the driver sends START, asks, and sends DONE",
	run = function()
	local s = stage()
	s:move(s.start)
	s:works()
	expect.order{
		{ point = "mbox-request", dw = { [0] = 0x0001550F } },
		{ point = "mbox-request", action = "QUERY_SINGLE_KLV" },
		{ point = "mbox-request", dw = { [0] = 0x00015508 } },
	}
end }

scenario{ id = "R-02", level = "must", source = "S",
	text = "The range moves up by 256 MiB: every address is in the new range, jobs end right",
	run = function()
	moves(64 * MIB, 320 * MIB)
	moves(64 * MIB, 320 * MIB, 2)
end }

scenario{ id = "R-03", level = "must", source = "S",
	text = "The range moves down, also to the lowest place there is",
	run = function()
	moves(320 * MIB, 96 * MIB)
	moves(320 * MIB, 48 * MIB)
end }

scenario{ id = "R-04", level = "must", source = "S",
	text = "The range moves by less than its size: nothing is shifted twice, up or down",
	run = function()
	moves(64 * MIB, 68 * MIB)
	moves(68 * MIB, 64 * MIB)
	moves(64 * MIB, 64 * MIB + 4096)
	moves(64 * MIB + 4096, 64 * MIB)
end }

scenario{ id = "R-05", level = "must", source = "S",
	text = "Three interrupts before the worker runs give one recovery",
	run = function()
	local s = stage()
	if not ours then
		-- The driver's machine stands still meanwhile.
		s:move(128 * MIB, { stop_at = "thaw" })
		s:back(256 * MIB, { stop_at = "thaw" })
		s:back()
		s:works()
		expect.event{ point = "irq", irq = "MIGRATED", count = 3 }
		expect.event{ point = "mbox-request", action = "RESFIX_DONE", count = 1 }
		return
	end
	s.v:hold("shutdown", "seed-begin")
	for _ = 1, 3 do
		s:move()
		sleep(5)
		s.a, s.b = s.b, s.a
	end
	s.v:continue()
	s:works()
	expect.event{ point = "vf-log", text = "migration recovery ended", count = 1 }
	expect.event{ point = "vf-log", text = "ready for recovery after migration", count = 3 }
end }

scenario{ id = "R-06", level = "must", source = "S/H",
	text = "Two GTs are told in either order, at once, or one much later: each recovers",
	run = function()
	-- Other processes' recoveries take longer than 20 ms.
	local soon = has "in-process" and "20ms" or "500ms"
	for _, late in ipairs{ { 0, soon }, { 1, soon }, { 1, "1s" } } do
		local s = stage{ card = { gts = 2 } }
		s:odd("on irq vf=1 bit=sw-int-0 gt=" .. late[1] .. " first=1 do delay " .. late[2])
		s:move()
		if not seed_generation then
			-- The GT that was told does not wait for the other.
			await{ point = "mbox-reply", action = "RESFIX_DONE", type = "SUCCESS",
				gt = 1 - late[1], card = s.b }
			expect.no{ point = "mbox-request", gt = late[1], card = s.b }
		end
		s:works()
		if seed_generation and ours then
			-- Nothing begins until both were told.
			expect.event{ point = "vf-log", text = "migration recovery ended", count = 1 }
		end
	end
end }

scenario{ id = "R-08", level = "must", source = "S", needs = { "generation=latest" },
	text = "A second migration before START gives one recovery, with the second base",
	run = function()
	local s = stage()
	if ours then
		stand_at(s, "shutdown")
		s:back(128 * MIB)
		s.v:continue()
	else
		s:move(nil, { stop_at = "thaw" })
		s:back(128 * MIB)
	end
	s:works()
	expect.event{ point = "mbox-request", action = "RESFIX_START", count = 1 }
	if ours then
		expect.eq(s.v:info().ggtt_start, 128 * MIB)
	end
end }

scenario{ id = "R-15", level = "must", source = "I",
	text = "Migrations at random moments: no interrupt is lost, markers go up one by one",
	run = function()
	local s = stage{ card = { gts = 2 } }
	for n = 1, 40 do
		if seed_generation and not has "in-process" then
			-- A notice that is on its way when the machine is frozen reaches the next GuC,
			-- which takes it for its own: the first generation has no marker against it.
			s.v:recovered()
		end
		s:move((64 + random(200)) * MIB)
		s.a, s.b = s.b, s.a
		sleep(random(n % 3 == 0 and 3000 or 300) / 1000)
	end
	s:works()
	local last = { [0] = 0, 0 }
	for _, e in ipairs(events(START)) do
		expect.eq(marker(e), last[e.gt] % 256 + 1, "marker of GT " .. e.gt)
		last[e.gt] = marker(e)
	end
	expect.ok(seed_generation or last[0] > 1, "recoveries with markers")
end }

scenario{ id = "R-16", level = "must", source = "S", needs = { "generation=latest" },
	text = "After 256 recoveries markers begin again at 1; 0 is never used",
	run = function()
	local s = stage{ load = false }
	for n = 1, 258 do
		s:move(64 * MIB + n % 2 * MIB)
		s.v:recovered()
		s.a, s.b = s.b, s.a
	end
	local starts = events(START)
	expect.eq(#starts, 258)
	expect.eq(marker(starts[256]), 256)
	expect.eq(marker(starts[257]), 1)
	expect.eq(marker(starts[258]), 2)
end }

scenario{ id = "R-37", level = "must", source = "S", needs = { "our-client", "generation=latest" },
	text = "Below ABI 1.27 a driver of the later generation does nothing, and says so once",
	run = function()
	local s = stage{ card = { abi = 26 }, vf = { generation = "latest" }, load = false }
	s:move()
	sleep(100)
	if ours then
		expect.event{ point = "vf-log", text = "migration not supported", count = 1 }
	end
	expect.no(START)
	expect.no(DONE)
	expect.eq(s.v:guc_state(), "VF_RESFIX_BLOCKED")
end }

scenario{ id = "R-38", level = "should", source = "H", needs = { "generation=seed" },
	text = "Below ABI 1.27 a driver of the first generation asks and notifies, without a marker",
	run = function()
	local s = stage{ card = { abi = 20 } }
	s:move()
	s:works()
	expect.no(START)
	expect.order{
		{ point = "mbox-request", action = "QUERY_SINGLE_KLV" },
		{ point = "mbox-request", dw = { [0] = 0x00005508 } },
	}
end }

scenario{ id = "R-54", level = "must", source = "S/I",
	text = "A migration that is cancelled leaves the VF as if nothing had been",
	run = function()
	local s = stage()
	s:move(nil, { stop_at = "place" }):undo()
	s:works()
	expect.no{ point = "irq", irq = "MIGRATED" }
	expect.no(START)
	expect.no(DONE)
	expect.order{
		{ point = "state", to = "VF_RUNNING_PAUSED", card = s.a },
		{ point = "state", to = "VF_RUNNING", card = s.a },
	}
end }

scenario{ id = "R-57", level = "must", source = "S", needs = { "our-client",
	"generation=latest" },
	text = "Where both GTs share a queue the media GT waits until the main GT has recovered",
	run = function()
	local s = stage{ card = { gts = 2 }, vf = { shared_queue = true } }
	stand_at(s, "query")
	sleep(20)
	expect.event{ point = "mbox-request", action = "RESFIX_START", count = 1 }
	expect.event{ point = "vf-log", gt = 1, text = "Re-queuing migration recovery" }
	s.v:continue()
	s:works()
	expect.event{ point = "mbox-request", action = "RESFIX_START", count = 2 }
end }

scenario{ id = "R-58", level = "should", source = "D",
	text = "An interrupt without a migration: the driver survives and work goes on",
	run = function()
	for _, strict in ipairs{ false, true } do
		local s = stage{ card = { strict = strict } }
		local r = fault("on h2g vf=1 first=1 do interrupt sw-int-0", s.a)
		if s.load then
			s.load:more()
		end
		await{ point = "irq", irq = "MIGRATED" }
		sleep(100)
		s:works()
		expect.eq(r:fired(), 1)
	end
end }

scenario{ id = "R-59", level = "must", source = "S",
	text = "An interrupt byte of another value than 0xFF is handled",
	run = function()
	local s = stage()
	s:odd("on irq vf=1 bit=sw-int-0 first=1 do byte 1")
	s:move()
	s:works()
end }

scenario{ id = "R-60", level = "must", source = "S", needs = { "our-client",
	"generation=latest" },
	text = "A driver that can't recover says so, and sends no START; its VF stays blocked",
	run = function()
	local s = stage{ card = { abi = 26 }, vf = { generation = "latest" }, load = false }
	fault("on h2g vf=1 first=1 do interrupt sw-int-0", s.a)
	s.v:tlb_invalidate()
	sleep(50)
	expect.event{ point = "vf-log", text = "migration not supported", count = 1 }
	expect.no(START)
	-- Its rings still work: nothing had happened.
	s.v:queue():submit():wait()
end }
