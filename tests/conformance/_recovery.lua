-- SPDX-License-Identifier: MIT
-- What scenarios on recoveries share: two cards, a VF that works, a migration.
include "_common.lua"

MIB = 1 << 20
seed_generation = param("generation") == "seed"

-- Can the driver be told what to do and be looked into? Of real processes the case has to
-- say so, which stage() knows.
ours = has "inside"

START = { point = "mbox-request", action = "RESFIX_START" }
DONE = { point = "mbox-request", action = "RESFIX_DONE" }

-- A card whose VFs may begin anywhere: these scenarios say where.
local function made(options)
	return card(over({ ggtt_offset = 0 }, options))
end

-- Cards A and B as `options.card` says (B as `options.there`), a VF on A, booted and, where
-- the driver is ours, busy. Its range begins at `options.start` (64 MiB). `options.vf`:
-- options of the VF. `options.load` false: it has no jobs.
function stage(options)
	local o = options or {}
	local s = { start = o.start or 64 * MIB }
	ours = has "inside"
	s.a, s.b = made(o.card), made(o.there or o.card)
	s.v = s.a:vf(1, over({ provision = { ggtt = "16M", contexts = 64, start = s.start } }, o.vf))
	if ours and o.load ~= false then
		s.load = s.v:load(o.load or {})
	elseif not has "our-client" then
		-- That the GuC runs it says nothing of the rest of its probe.
		sleep(1000)
	end
	mark()

	-- Migrate to card B at `start`; `more`: other options of vmm.migrate.
	function s:move(start, more)
		return vmm.migrate(self.v, self.b, over({ provision = { ggtt = "16M", contexts = 64,
			start = start or 320 * MIB } }, more))
	end
	-- And back to card A.
	function s:back(start, more)
		self.a, self.b = self.b, self.a
		return self:move(start or self.start, more)
	end
	-- Recovered, every job ended once and right, and nobody found fault.
	function s:works()
		self.v:recovered()
		if self.load then
			self.load:finish()
		end
		expect.clean()
	end
	-- The driver has given up with this error: it said so once, its jobs have ended, and
	-- it is silent from now on. `check`: what to look at before.
	function s:wedged(errno, check)
		if ours then
			await{ point = "vf-state", text = "wedged", timeout = 10000 }
			expect.event{ point = "vf-state", text = "wedged", count = 1 }
			expect.event{ point = "vf-log", text = "migration recovery failed (-" .. errno .. ")" }
			expect.eq(self.v:counts().pending, 0, "jobs that nobody ends")
		else
			-- Longer than any wait of a driver that then gives up or goes on.
			sleep(4500)
		end
		if check then
			check()
		end
		mark()
		expect.no{ point = { "mbox-request", "h2g" }, vf = 1, card = self.b, within = 1000 }
	end
	-- As fault(), on card B.
	function s:odd(line)
		return fault(line, self.b)
	end
	return s
end

-- On the way of a recovery: every step between START and DONE, of either generation.
steps = seed_generation and { "seed-begin", "seed-query", "seed-decide", "seed-fixups",
	"seed-notify" } or { "query", "fix-ccs", "fix-default-lrc", "fix-queues", "valid", "rearm",
	"decide", "done" }

-- Migrate; when this returns the recovery stands before `step`.
function stand_at(s, step, start)
	s.v:hold(step)
	s:move(start)
	s.v:step_until(step)
end

-- The same for a driver that can't be held: it is migrated back to card A when it has its
-- nth answer to a query of `key`; what it sends then waits for the other GuC.
function move_at_answer(s, nth, key)
	s:odd("on mbox-reply vf=1 action=QUERY_SINGLE_KLV " .. (key and "key=" .. key .. " " or "") ..
		"nth=" .. nth .. " do migrate " .. s.a.name)
	s:move(nil, { release = false })
	await{ point = "irq", irq = "MIGRATED", card = s.a }
	s:works()
end

-- The answer after which it does not ask again before DONE.
function last_answer(s)
	s:move(128 * MIB)
	s:works()
	local n = #events{ point = "mbox-request", action = "QUERY_SINGLE_KLV", card = s.b }
	s:back()
	s:works()
	s.a, s.b = s.b, s.a
	mark()
	return n
end

-- And migrate again each time the recovery stands there, `times` times.
function migrate_at(s, step, times)
	stand_at(s, step)
	for n = 1, times do
		s:back(s.start + n * 4 * MIB)
		s.v:continue()
		if n < times then
			await{ point = "irq", irq = "MIGRATED", card = s.b }
			stand_again(s, step)
		end
	end
	s:works()
end

-- Let the recovery that stands there begin anew and come there once more.
function stand_again(s, step)
	if not seed_generation then
		await{ point = "mbox-reply", action = "RESFIX_DONE", error = 0x107 }
	end
	s.v:step_until(step)
end

-- The number in a START or DONE.
function marker(event)
	return event.dw[0] >> 16 & 0xFFF
end

-- Migrate; when this returns the PF has paused the VF in the midst of its recovery.
function pause_in_recovery(s)
	s:odd("on mbox-reply vf=1 action=QUERY_SINGLE_KLV key=0x0001 first=1 do pause")
	s:move()
	await{ point = "state", to = "VF_RESFIX_PAUSED", input = "PAUSE", card = s.b }
end

-- The driver asks its PF, and the rule loses that or its answer; the task that waits for it
-- ends with ECANCELED.
function asks_in_vain(s, rule)
	local r = fault(rule, s.a)
	local task = spawn(function()
		expect.fails("ECANCELED", function() s.v:relay{ 0x0101, 0 } end)
	end)
	fires(r)
	return task
end
