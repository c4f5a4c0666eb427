-- SPDX-License-Identifier: MIT
-- Migrated again in the middle of a recovery: markers and 0x107 tell the driver that it
-- has to begin anew (vf-lifecycle 6.1).
include "_recovery.lua"

-- A second migration, back to card A, when `action` was seen on card B: lost there on
-- its first time (`unanswered`), or answered.
local function twice_at(action, unanswered)
	local s = stage()
	if unanswered then
		s:odd("on mbox-request vf=1 action=" .. action .. " first=1 do drop")
	end
	s:odd("on " .. (unanswered and "mbox-request" or "mbox-reply") .. " vf=1 action=" .. action ..
		" first=1 do migrate " .. s.a.name)
	-- What is left on card A is not reset: the rule's migration goes there at once.
	s:move(nil, { release = false })
	await{ point = "irq", irq = "MIGRATED", card = s.a }
	s:works()
	return s
end

scenario{ id = "R-07", level = "must", source = "S/D", needs = { "generation=latest" },
	text = "The interrupt of a migration is seen once more after START: a second run or none, no work lost",
	run = function()
	-- Strict firmware wedges a driver like Linux 7.2's: only ours has to withstand it.
	for _, strict in ipairs(has "our-client" and { false, true } or { false }) do
		local s = stage{ card = { strict = strict } }
		s:odd("on mbox-reply vf=1 action=RESFIX_START first=1 do interrupt sw-int-0")
		s:move()
		s:works()
		expect.event{ point = "mbox-reply", action = "RESFIX_DONE", type = "SUCCESS" }
	end
end }

scenario{ id = "R-10", level = "must", source = "S",
	text = "Migrated between START and the query: the first DONE is refused, the second run succeeds",
	run = function()
	local s = stage()
	if ours then
		migrate_at(s, seed_generation and "seed-query" or "query", 1)
	else
		move_at_answer(s, 1)
	end
	if not seed_generation then
		expect.order{
			{ point = "mbox-reply", action = "RESFIX_DONE", error = 0x107 },
			{ point = "mbox-request", dw = { [0] = 0x0002550F } },
			{ point = "mbox-reply", action = "RESFIX_DONE", type = "SUCCESS" },
		}
	end
	-- What the second GuC said of the range is from the card that was left.
	move_at_answer(stage{ card = { gts = 2 } }, 1, "0x0001 gt=1")
end }

scenario{ id = "R-11", level = "must", source = "S",
	text = "Migrated in the middle of the fixups: nothing of the second base is left",
	run = function()
	if not ours then
		move_at_answer(stage(), 1, "0x0001")
		return
	end
	for _, step in ipairs(seed_generation and { "seed-fixups" } or { "fix-ccs", "fix-default-lrc",
		"fix-queues", "valid" }) do
		migrate_at(stage{ load = { wide = true } }, step, 1)
	end
end }

scenario{ id = "R-12", level = "must", source = "S",
	text = "Migrated just before DONE: DONE is refused, the second run succeeds",
	run = function()
	if not ours then
		if seed_generation then
			skip("what it sends then is its notice, which the next GuC takes for one of its own")
		end
		local s = stage()
		move_at_answer(s, last_answer(s))
		expect.event{ point = "mbox-reply", action = "RESFIX_DONE", error = 0x107, count = 1 }
		return
	end
	for _, step in ipairs(seed_generation and { "seed-notify" } or { "rearm", "decide", "done" }) do
		migrate_at(stage(), step, 1)
	end
end }

scenario{ id = "R-14", level = "must", source = "S",
	text = "Migrated three times between START and DONE: markers 1 to 4, only the last DONE is accepted",
	run = function()
	local s = stage()
	if ours then
		migrate_at(s, seed_generation and "seed-notify" or "done", 3)
	else
		local rule = "on mbox-reply vf=1 action=QUERY_SINGLE_KLV key=0x0001 first=%d do migrate %s"
		s:odd(rule:format(2, s.a.name))
		fault(rule:format(1, s.b.name), s.a)
		s:move(nil, { release = false })
		for _, there in ipairs{ s.a, s.b, s.a } do
			await{ point = "irq", irq = "MIGRATED", card = there }
		end
		s:works()
	end
	if seed_generation then
		return
	end
	local starts = events(START)
	for n = 1, 4 do
		expect.eq(marker(starts[n]), n)
	end
	expect.eq(#starts, 4)
	expect.event{ point = "mbox-reply", action = "RESFIX_DONE", error = 0x107, count = 3 }
	expect.event{ point = "mbox-reply", action = "RESFIX_DONE", type = "SUCCESS", count = 1 }
end }

scenario{ id = "R-09a", level = "should", source = "D", needs = { "generation=latest" },
	text = "START unanswered at the save travels in the mailbox: the next GuC serves it",
	run = function() twice_at("RESFIX_START", true) end }

scenario{ id = "R-09b", level = "must", source = "S", needs = { "generation=latest" },
	text = "START answered at the save: the next GuC refuses DONE, and the second run succeeds",
	run = function()
	twice_at("RESFIX_START", false)
	expect.order{
		{ point = "mbox-reply", action = "RESFIX_DONE", error = 0x107 },
		{ point = "mbox-request", dw = { [0] = 0x0002550F } },
		{ point = "mbox-reply", action = "RESFIX_DONE", type = "SUCCESS" },
	}
end }

scenario{ id = "R-13a", level = "must", source = "I", needs = { "generation=latest" },
	text = "Saved when DONE was accepted and its reply unread: a full new recovery follows",
	run = function()
	local s = twice_at("RESFIX_DONE", false)
	expect.event{ point = "mbox-reply", action = "RESFIX_DONE", type = "SUCCESS", card = s.b }
end }

scenario{ id = "R-13b", level = "should", source = "D", needs = { "generation=latest" },
	text = "DONE unanswered at the save: the next GuC refuses it for its marker, the second run succeeds",
	run = function()
	twice_at("RESFIX_DONE", true)
	expect.event{ point = "mbox-reply", action = "RESFIX_DONE", error = 0x107 }
end }

scenario{ id = "R-17", level = "must", source = "S", needs = { "generation=latest" },
	text = "0x107 at DONE although no interrupt came: the driver begins anew, once",
	run = function()
	local s = stage()
	s:odd("on mbox-request vf=1 action=RESFIX_DONE first=1 do failure 0x107")
	s:move()
	s:works()
	expect.event{ point = "mbox-request", action = "RESFIX_DONE", count = 2 }
	expect.event{ point = "mbox-request", action = "RESFIX_START", count = 2 }
end }

scenario{ id = "R-41", level = "must", source = "S", needs = { "generation=latest" },
	text = "Another ABI minor there: recovery works; the next GT reset finds the new version, once",
	run = function()
	local s = stage{ card = { abi = 27 }, there = { abi = 28 } }
	s:move()
	s:works()
	if ours then
		expect.eq(ended(s.v:start("reset")), "EREMCHG")
		expect.event{ point = "vf-log", text = "New GuC interface version detected", count = 1 }
	end
end }

scenario{ id = "R-53", level = "should", source = "D", needs = { "generation=latest" },
	text = "Paused and resumed in mid-recovery without a restore: no second interrupt, DONE is accepted",
	run = function()
	local s = stage()
	pause_in_recovery(s)
	s.b.pf:resume(1)
	s:works()
	expect.event{ point = "irq", irq = "MIGRATED", count = 1 }
	expect.event{ point = "mbox-reply", action = "RESFIX_DONE", type = "SUCCESS", count = 1 }
end }

scenario{ id = "R-39", level = "should", source = "H", needs = { "generation=seed" },
	text = "First generation: told again on one GT in mid-recovery, it defers until both were told",
	run = function()
	local s = stage{ card = { gts = 2 } }
	s:odd("on mbox-request vf=1 gt=0 action=QUERY_SINGLE_KLV first=1 do interrupt sw-int-0")
	s:move()
	sleep(200)
	expect.no(DONE)
	if ours then
		expect.event{ point = "vf-log", text = "deferred", count = 1 }
	end
	expect.eq(s.v:guc_state(), "VF_RESFIX_BLOCKED")
	s:back()
	s:works()
end }

scenario{ id = "R-40", level = "should", source = "H", needs = { "our-client",
	"generation=seed" },
	text = "First generation: a failed query is of no matter when another migration is imminent",
	run = function()
	local s = stage()
	s:odd("on mbox-request vf=1 action=QUERY_SINGLE_KLV key=0x0001 first=1 do failure 0x60")
	stand_at(s, "seed-decide")
	s:back(128 * MIB)
	s.v:continue()
	s:works()
	expect.event{ point = "vf-log", text = "deferred" }
end }
