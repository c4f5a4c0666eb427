-- SPDX-License-Identifier: MIT
-- Contexts and jobs across a migration: what either side has done that the other does not
-- know of (vf-lifecycle 6.2, 4.8).
include "_recovery.lua"

local inside = { "our-client" }

-- A VF with a queue, and a rule on card A in whose way the job's messages come.
local function interrupted(rule, width)
	local s = stage{ load = false }
	local q = s.v:queue(0, "blitter", width)
	local r = fault(rule, s.a)
	local job = q:submit("store", 0x55)
	fires(r)
	return s, q, job
end

scenario{ id = "C-11", level = "must", source = "S", needs = inside,
	text = "The GuC knows a context, the driver is not sure: its second registration changes nothing",
	run = function()
	for width = 1, 2 do
		local s, _, job = interrupted("on h2g vf=1 action=SCHED_CONTEXT_MODE_SET first=1 do drop",
			width)
		s:move()
		job:wait()
		s:works()
		expect.no{ point = "g2h", vf = 1, type = "FAILURE" }
	end
end }

scenario{ id = "C-12", level = "must", source = "S", needs = inside,
	text = "The answer to an enable is lost: registered and enabled again, one answer counted",
	run = function()
	local s = stage{ load = false }
	local r = fault("on g2h vf=1 action=SCHED_CONTEXT_MODE_DONE first=1 do drop", s.a)
	local job = s.v:queue():submit("wait")
	fires(r)
	s:move()
	s.v:recovered()
	job:release()
	job:wait()
	s:works()
	expect.event{ point = "g2h", vf = 1, action = "SCHED_CONTEXT_MODE_DONE", card = s.b, count = 1 }
end }

-- Suspend, resume or destroy a queue whose message or answer is lost on card A.
local function lost(rule, action, check)
	local s = stage{ load = false }
	local q = s.v:queue()
	q:submit():wait()
	local r = fault(rule, s.a)
	action(q)
	fires(r)
	s:move()
	s.v:recovered()
	sleep(10)
	check(s, q)
	s:works()
end
local MODE = "on h2g vf=1 action=SCHED_CONTEXT_MODE_SET first=1 do drop"

-- The queue stands: a job waits until it is resumed.
local function stands(_, q)
	local job = q:submit()
	expect.no{ point = "vf-job", queue = q.id, job = job.number, within = 50 }
	q:resume()
	job:wait()
end

scenario{ id = "C-13", level = "must", source = "S", needs = inside,
	text = "The answer to a disable is lost: it is done again",
	run = function()
	lost("on g2h vf=1 action=SCHED_CONTEXT_MODE_DONE first=1 do drop",
		function(q) q:suspend() end, stands)
end }

scenario{ id = "C-14", level = "must", source = "S", needs = inside,
	text = "A suspend that is pending is done after the recovery: the queue stands",
	run = function()
	lost(MODE, function(q) q:suspend() end, stands)
end }

scenario{ id = "C-15", level = "must", source = "S", needs = inside,
	text = "A resume that is pending is done after the recovery: the queue runs",
	run = function()
	local s = stage{ load = false }
	local q = s.v:queue()
	q:submit():wait()
	q:suspend()
	await{ point = "g2h", action = "SCHED_CONTEXT_MODE_DONE", vf = 1, dw = { [2] = 0 } }
	local job = q:submit()
	local r = fault(MODE, s.a)
	q:resume()
	fires(r)
	s:move()
	s.v:recovered()
	job:wait()
	s:works()
end }

scenario{ id = "C-16", level = "must", source = "S/D", needs = inside,
	text = "The GuC has forgotten a context, the driver does not know: its second DEREGISTER is answered, the id is free",
	run = function()
	lost("on g2h vf=1 action=DEREGISTER_CONTEXT_DONE first=1 do drop",
		function(q) q:destroy() end,
		function(s, q)
			expect.eq(s.v:info().queues, 0)
			local again = s.v:queue()
			expect.eq(again.id, q.id, "the id")
			again:submit():wait()
		end)
end }

scenario{ id = "C-17", level = "must", source = "S", needs = inside,
	text = "Unread items of a work queue become no-ops, and come again behind them",
	run = function()
	local s = stage{ load = false }
	local q = s.v:queue(0, "video", 2)
	local first = q:submit("wait")
	local rest = { q:submit("store", 1), q:submit("store", 2), q:submit("store", 3) }
	sleep(5)
	s:move()
	s.v:recovered()
	first:release()
	for _, job in ipairs(rest) do
		job:wait()
	end
	s:works()
	expect.eq(s.v:counts().ok, 4)
end }

scenario{ id = "C-18", level = "must", source = "S", needs = inside,
	text = "Migrated with a full work queue: afterwards its head advances and every job ends",
	run = function()
	local s = stage{ load = false }
	local q = s.v:queue(0, "video", 2)
	local jobs = { q:submit("wait") }
	for n = 2, 60 do
		local ok, job = pcall(q.submit, q, "store", n)
		if not ok then
			break
		end
		jobs[n] = job
	end
	sleep(5)
	s:move()
	s.v:recovered()
	jobs[1]:release()
	jobs[#jobs]:wait(20000)
	s:works()
	expect.eq(s.v:counts().ok, #jobs)
end }

scenario{ id = "C-19", level = "must", source = "S", needs = inside,
	text = "A queue made during the fixups has new addresses, and is registered after DONE",
	run = function()
	local s = stage{ load = false }
	s.v:queue():submit():wait()
	stand_at(s, seed_generation and "seed-fixups" or "fix-queues")
	local q = s.v:queue(0, "compute")
	local job = q:submit()
	s.v:continue()
	s.v:recovered()
	job:wait()
	s:works()
	expect.no{ point = "finding" }
end }

scenario{ id = "C-20", level = "must", source = "S", needs = inside,
	text = "A queue made in mid-recovery, and a second migration: its addresses are those of the last base",
	run = function()
	local s = stage{ load = false }
	s.v:queue():submit():wait()
	stand_at(s, seed_generation and "seed-query" or "fix-ccs")
	local q = s.v:queue(0, "compute")
	local job = q:submit()
	s:back(128 * MIB)
	s.v:continue()
	s.v:recovered()
	job:wait()
	s:works()
	expect.no{ point = "finding" }
end }

scenario{ id = "C-21", level = "must", source = "S", needs = inside,
	text = "A job submitted during a recovery runs after it, once",
	run = function()
	local s = stage()
	stand_at(s, seed_generation and "seed-query" or "query")
	s.load:more()
	s.v:continue()
	s:works()
end }

scenario{ id = "C-22", level = "must", source = "S", needs = inside,
	text = "Two unfinished jobs end in their order, once each",
	run = function()
	local s = stage{ load = false }
	local q = s.v:queue()
	local a, b = q:submit("wait", 1), q:submit("wait", 2)
	sleep(5)
	s:move()
	s.v:recovered()
	a:release()
	b:release()
	b:wait()
	s:works()
	expect.order{ { point = "vf-job", queue = q.id, job = a.number },
		{ point = "vf-job", queue = q.id, job = b.number } }
	expect.eq(s.v:counts().ok, 2)
end }

scenario{ id = "C-22b", level = "must", source = "S", needs = { "our-client",
	"generation=latest" },
	text = "Unfinished jobs that were emitted again, and then DONE is refused: they run once",
	run = function()
	local s = stage{ load = false }
	local q = s.v:queue()
	local a, b = q:submit("wait", 1), q:submit("wait", 2)
	sleep(5)
	migrate_at(s, "done", 1)
	a:release()
	b:release()
	b:wait()
	expect.eq(s.v:counts().ok, 2)
	expect.eq(s.v:counts().bad, 0)
end }

scenario{ id = "C-23", level = "must", source = "S", needs = inside,
	text = "A job that had ended, and whose interrupt was lost, is not run again",
	run = function()
	local s = stage{ load = false }
	local q = s.v:queue()
	q:submit():wait()
	fault("on irq vf=1 do drop", s.a)
	local job = q:submit("store", 0x77)
	sleep(5)
	s:move()
	s.v:recovered()
	job:wait()
	expect.eq(s.v:counts().ok, 2)
	expect.no{ point = "fence", card = s.b, value = 0x77 }
end }

scenario{ id = "C-25", level = "must", source = "S", needs = inside,
	text = "A job's time-out during a recovery is no hang: no reset, no loss",
	run = function()
	local s = stage()
	stand_at(s, seed_generation and "seed-query" or "query")
	sleep(15000)
	expect.no{ point = "mbox-request", action = "VF_RESET", vf = 1 }
	s.v:continue()
	s:works()
end }

scenario{ id = "C-26", level = "must", source = "S", needs = inside,
	text = "A recovery that fails ends every queue, and nobody waits for ever",
	run = function()
	local s = stage{ load = { wide = true } }
	s:odd("on mbox-request vf=1 action=QUERY_SINGLE_KLV key=0x0001 first=1 do failure 0x60")
	s:move()
	s:wedged("ENXIO")
	expect.eq(s.v:counts().pending, 0)
end }

scenario{ id = "C-29", level = "must", source = "S", needs = inside,
	text = "Compression contexts run at PAUSE and in DONE; metadata moves",
	run = function()
	local s = stage{ card = { ccs_ratio = 512 } }
	expect.ok(s.v:keep(29) > 0)
	s:move()
	s:works()
	expect.ok(s.v:kept() > 0)
end }

scenario{ id = "C-30", level = "should", source = "D", needs = inside,
	text = "Without registered compression contexts PAUSE succeeds at once",
	run = function()
	local s = stage{ card = { ccs_ratio = 512 }, vf = { ccs = false } }
	s:move()
	s:works()
end }
