-- SPDX-License-Identifier: MIT
-- Recoveries that meet the rest of a driver's life: boot, reset, suspend, unload; and what
-- the PF does to the VF meanwhile (vf-lifecycle 6.1).
include "_recovery.lua"

-- A VF on card A that is not booted yet, and card B.
local function unbooted(options)
	local a, b = card(options or {}), card(options or {})
	local v = a:vf(1, { boot = false })
	mark()
	return a, b, v
end

-- A boot that was migrated ends; when it failed, the next one is good.
local function boots(v, op)
	if ended(op, 20000) then
		v:boot()
	end
	v:recovered()
	v:queue():submit():wait()
	-- Entries may have been written where the range was before: the driver can't know.
	expect.no{ point = "finding" }
end

local looks_inside = { "our-client" }

scenario{ id = "R-42", level = "must", source = "S", needs = looks_inside,
	text = "Unloaded between interrupt and worker: no START and no DONE, later interrupts are ignored",
	run = function()
	local s = stage()
	local move = s:move(nil, { stop_at = "thaw" })
	expect.event{ point = "irq", irq = "MIGRATED" }
	local op = s.v:start("shutdown")
	move:continue()
	expect.eq(ended(op), nil)
	expect.no(START)
	expect.no(DONE)
	expect.eq(s.v:state(), "off")
	mark()
	s.v:irq()
	expect.no{ point = { "mbox-request", "h2g" }, vf = 1, within = 100 }
end }

scenario{ id = "R-43", level = "must", source = "S", needs = looks_inside,
	text = "Unloaded in mid-recovery: unloading waits for the worker, which still sends DONE",
	run = function()
	local s = stage()
	stand_at(s, seed_generation and "seed-fixups" or "query")
	local op = s.v:start("shutdown")
	sleep(20)
	expect.eq(op:done(), false)
	s.v:continue()
	expect.eq(ended(op), nil)
	expect.event{ point = "mbox-request", action = "RESFIX_DONE", count = 1 }
	expect.eq(s.v:state(), "off")
end }

scenario{ id = "R-44", level = "must", source = "S/D", needs = looks_inside,
	text = "Migrated during probe, before the interrupt page is known: probe fails or begins anew, the next succeeds",
	run = function()
	for _, at in ipairs{ "VF_RESET", "MATCH_VERSION", "QUERY_SINGLE_KLV" } do
		local a, b, v = unbooted()
		fault("on mbox-reply vf=1 action=" .. at .. " first=1 do migrate " .. b.name, a)
		local op = v:start("boot")
		await{ point = "state", to = "VF_RESFIX_BLOCKED", card = b }
		boots(v, op)
	end
end }

scenario{ id = "R-45", level = "must", source = "I", needs = looks_inside,
	text = "Migrated during probe, with the interrupt page known and rings not yet on: not left half-way",
	run = function()
	local a, b, v = unbooted()
	fault("on mbox-reply vf=1 action=SELF_CFG nth=2 do migrate " .. b.name, a)
	local op = v:start("boot")
	await{ point = "irq", irq = "MIGRATED", card = b }
	boots(v, op)
end }

scenario{ id = "R-46", level = "must", source = "S", needs = looks_inside,
	text = "Migrated with the relay handshake or a runtime query outstanding: probe fails or succeeds, and never hangs",
	run = function()
	for n = 1, 2 do
		local a, b, v = unbooted()
		fault("on h2g vf=1 action=RELAY_TO_PF nth=" .. n .. " do migrate " .. b.name, a)
		local op = v:start("boot")
		await{ point = "irq", irq = "MIGRATED", card = b }
		boots(v, op)
	end
end }

scenario{ id = "R-47", level = "should", source = "S", needs = looks_inside,
	text = "Migrated with a context's first job on its way: it runs with its batch where it is now",
	run = function()
	local s = stage{ load = false }
	local q = s.v:queue()
	local job = q:submit("long", 7, 4000)
	sleep(0.02)
	s:move()
	job:wait()
	s:works()
end }

scenario{ id = "R-48", level = "should", source = "S/D", needs = looks_inside,
	text = "Suspend in mid-recovery waits for its end",
	run = function()
	local s = stage{ load = { blocked = false } }
	stand_at(s, seed_generation and "seed-fixups" or "fix-queues")
	local op = s.v:start("suspend")
	sleep(20)
	expect.eq(op:done(), false)
	s.v:continue()
	expect.eq(ended(op), nil)
	s.v:resume()
	s:works()
end }

scenario{ id = "R-49", level = "should", source = "S/D", needs = looks_inside,
	text = "Migrated while suspended: resume asks where the range is and fixes what moved",
	run = function()
	local s = stage{ load = { blocked = false } }
	s.v:suspend()
	s:move()
	s.v:resume()
	s:works()
	expect.eq(s.v:info().ggtt_start, 320 * MIB)
end }

scenario{ id = "R-50", level = "must", source = "S", needs = looks_inside,
	text = "A GT reset in mid-recovery is refused, and the recovery ends",
	run = function()
	local s = stage()
	stand_at(s, seed_generation and "seed-fixups" or "fix-queues")
	expect.fails("EBUSY", function() s.v:reset() end)
	s.v:continue()
	s:works()
end }

scenario{ id = "R-51", level = "must", source = "S/D", needs = looks_inside,
	text = "Migrated in the middle of a GT reset: the reset ends well, unfinished jobs run",
	run = function()
	local s
	for _, at in ipairs{ "VF_RESET", "MATCH_VERSION", "SELF_CFG", "CONTROL_CTB" } do
		s = stage{ load = { blocked = false } }
		fault("on mbox-request vf=1 action=" .. at .. " first=1 do migrate " .. s.b.name, s.a)
		local op = s.v:start("reset")
		await{ point = "state", to = "VF_RESFIX_BLOCKED", card = s.b }
		expect.eq(ended(op), nil, "the reset")
		s:works()
	end
	-- Its handshake has not been answered: the PF that was asked is another card's.
	local r = fault("on h2g vf=1 action=RELAY_TO_PF first=1 do drop", s.b)
	local op = s.v:start("reset")
	fires(r)
	s:back()
	expect.eq(ended(op), nil, "the reset")
	s:works()
end }

scenario{ id = "R-52", level = "must", source = "S", needs = looks_inside,
	text = "Wedged mode 'never': a failed recovery ends the queues, and the device is not declared wedged",
	run = function()
	local s = stage{ vf = { never_wedge = true } }
	s:odd("on mbox-request vf=1 action=QUERY_SINGLE_KLV key=0x0001 first=1 do failure 0x60")
	s:move()
	sleep(1000)
	expect.eq(s.v:counts().pending, 0)
	expect.event{ point = "vf-log", text = "migration recovery failed" }
	expect.no{ point = "vf-log", text = "device declared wedged" }
end }

scenario{ id = "R-55", level = "should", source = "D",
	text = "Stopped in mid-recovery: every request gets 0x0A, and the driver gives up",
	run = function()
	local s = stage()
	if ours then
		stand_at(s, seed_generation and "seed-query" or "query")
	else
		pause_in_recovery(s)
	end
	s.b.pf:stop(1)
	mark()
	if ours then
		s.v:continue()
	end
	s:wedged("ENXIO", function()
		if ours then
			expect.event{ point = "mbox-reply", error = 0x0A, card = s.b }
		end
		expect.no{ point = "mbox-reply", type = "SUCCESS", vf = 1, card = s.b }
	end)
end }

scenario{ id = "R-56", level = "must", source = "S/D",
	text = "Reset by its PF in mid-recovery: the driver gives up, and a fresh probe works",
	run = function()
	local s = stage()
	if not ours then
		pause_in_recovery(s)
		s.b.pf:flr(1)
		s:wedged("ENXIO")
		-- Ours has ended by itself.
		pcall(s.v.shutdown, s.v)
		s.v:boot()
		expect.eq(s.v:guc_state(), "VF_RUNNING")
		return
	end
	stand_at(s, seed_generation and "seed-query" or "query")
	s.b.pf:flr(1)
	s.v:continue()
	if seed_generation then
		sleep(1000)
		s.v:wedge()
	else
		s:wedged("ENXIO")
	end
	s.v:boot()
	s.v:queue():submit():wait()
end }
