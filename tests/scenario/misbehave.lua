-- SPDX-License-Identifier: MIT
-- What a GuC that misbehaves does to our driver, by rules that no other scenario of the
-- tests uses: hangs, resets, lost answers to page faults, messages doubled and out of order,
-- wrong bits, broken rings, memory that fails.

local alone = { "in-process" }

-- A VF with a queue on which a job has ended, and a rule at its next TLB invalidation.
local function busy(what, options)
	local s = { a = card(options or {}) }
	s.v = s.a:vf(1)
	s.q = s.v:queue()
	s.q:submit():wait()
	s.a:fault_state("again", false)
	s.r = what and fault("on h2g vf=1 action=TLB_INVALIDATION first=1 do " .. what, s.a)
	mark()
	function s:go()
		self.v:tlb_invalidate()
		sleep(2)
		expect.eq(self.r:fired(), 1)
	end
	-- What hangs is reset so, from outside.
	function s:again(what_)
		fault("on tick if=again vf=1 gt=0 do reset " .. what_ .. " then clear again", self.a)
		self.a:fault_state("again", true)
		self.v:irq()
		sleep(20)
		expect.eq(self.a:fault_state("again"), false)
	end
	-- It works: what was submitted and a job on a new queue end.
	function s:works()
		self.v:queue():submit():wait()
		expect.eq(self.v:state(), "ready")
		expect.eq(self.v:counts().bad, 0)
	end
	return s
end

scenario{ id = "hang-guc", needs = alone, level = "must",
	text = "A GuC that hangs serves nobody, the PF neither; reset, it serves who begins anew",
	run = function()
	local s = busy("hang guc")
	s:go()
	mark()
	s.v:tlb_invalidate()
	sleep(100)
	expect.no{ point = { "h2g", "g2h" } }
	expect.fails("ETIMEDOUT", function() s.a.pf:pause(1) end)
	s:again("guc")
	s.a.pf:flr(1)
	s.v:wedge()
	s.v:boot()
	s:works()
end }

scenario{ id = "hang-recovery", needs = alone, level = "must",
	text = "A GuC that hangs in a recovery: the driver gives up, and its jobs end",
	run = function()
	local s = busy()
	local b = card{}
	local job = s.q:submit("wait")
	sleep(2)
	local r = fault("on mbox-request vf=1 action=QUERY_SINGLE_KLV first=1 do hang guc", b)
	vmm.migrate(s.v, b)
	await{ point = "vf-state", text = "wedged", timeout = 10000 }
	expect.eq(r:fired(), 1)
	expect.eq(s.v:counts().pending, 0)
	expect.fails("ECANCELED", function() job:wait() end)
end }

scenario{ id = "hang-gt", needs = alone, level = "must",
	text = "Engines that stand still: messages are answered, jobs end when the GT was reset",
	run = function()
	local s = busy("hang gt")
	s:go()
	expect.event{ point = "g2h", vf = 1, action = "TLB_INVALIDATION_DONE" }
	local job = s.q:submit()
	expect.no{ point = "vf-job", within = 1000 }
	s:again("gt")
	s.v:reset()
	job:wait()
	s:works()
end }

scenario{ id = "hang-function", needs = alone, level = "must",
	text = "A VF alone that is not served: the others are; an FLR ends it",
	run = function()
	local s = busy("hang function", { vfs = 2 })
	local other = s.a:vf(2)
	s:go()
	local job = s.q:submit()
	other:queue():submit():wait()
	expect.no{ point = { "h2g", "g2h" }, vf = 1, within = 1000, where = function(e)
		return e.action == "SCHED_CONTEXT_MODE_SET"
	end }
	expect.eq(job and s.v:counts().pending, 1)
	s:again("function")
	sleep(100)
	expect.eq(s.v:guc_state(), "VF_READY")
	-- What the VF had mapped is gone, too.
	s.v:wedge()
	expect.fails("ECANCELED", function() job:wait() end)
	s.v:boot()
	s.v:queue():submit():wait()
	other:queue():submit():wait()
end }

scenario{ id = "lost-page-fault", needs = alone, level = "must",
	text = "The answer to a page fault is lost: its context stands, others go on, a GT reset ends it",
	run = function()
	for _, lost in ipairs{ false, true } do
		local s = busy()
		local job = s.q:submit("wait")
		sleep(2)
		local r = lost and fault("on h2g vf=1 action=PAGE_FAULT_RES_DESC first=1 do drop", s.a)
		s.a:mishap(s.v, 0, { kind = "page-fault", context = s.q.id, address = 0x123000, asid = 7 })
		await{ point = "g2h", vf = 1, action = "PAGE_FAULT_REQ_DESC" }
		s.v:queue(0, "blitter"):submit():wait()
		sleep(5)
		if lost then
			expect.eq(r:fired(), 1)
			job:release()
			expect.no{ point = { "vf-job", "vf-queue" }, queue = s.q.id, card = s.a, within = 2000 }
			expect.no{ point = "g2h", vf = 1, action = "MEMORY_CAT_ERROR", card = s.a }
			s.v:reset()
			job:wait()
			s:works()
		else
			-- Refused, as our driver does, it is the context's end.
			expect.event{ point = "g2h", vf = 1, action = "MEMORY_CAT_ERROR" }
			expect.fails("ECANCELED", function() job:wait() end)
			s.v:queue():submit():wait()
		end
	end
end }

scenario{ id = "twice", needs = alone, level = "must",
	text = "Events that come twice, in another order, or longer than they are: no job is lost",
	run = function()
	for _, rule in ipairs{
		"on g2h vf=1 action=SCHED_CONTEXT_MODE_DONE first=1 do duplicate",
		"on g2h vf=1 action=SCHED_CONTEXT_MODE_DONE every=2 do reorder 1 3ms",
		"on g2h vf=1 action=SCHED_CONTEXT_MODE_DONE do extend 1",
		"on h2g vf=1 action=SCHED_CONTEXT do duplicate",
		"on irq vf=1 bit=guc2host every=2 do duplicate",
	} do
		local s = busy()
		local r = fault(rule, s.a)
		local queues = {}
		for n = 1, 4 do
			queues[n] = s.v:queue()
			queues[n]:submit()
		end
		sleep(50)
		for _, q in ipairs(queues) do
			q:submit("long", 7, 200):wait()
		end
		expect.ok(r:fired() > 0, rule)
		expect.eq(s.v:counts().ok, 9, rule)
		s:works()
	end
end }

scenario{ id = "bits", needs = alone, level = "must",
	text = "Bits that must be zero, ORIGIN, a cleared mailbox: refused, unseen, asked again",
	run = function()
	for _, c in ipairs{
		{ "on mbox-request vf=1 action=QUERY_SINGLE_KLV first=1 do mbz", "-ENXIO" },
		{ "on mbox-reply vf=1 action=QUERY_SINGLE_KLV do origin", "-ETIMEDOUT" },
		{ "on mbox-reply vf=1 action=QUERY_SINGLE_KLV first=1 do clear-mailbox" },
	} do
		local s = busy()
		local b = card{}
		local r = fault(c[1], b)
		vmm.migrate(s.v, b)
		if c[2] then
			await{ point = "vf-state", text = "wedged" }
			expect.event{ point = "vf-log", text = "migration recovery failed (" .. c[2] .. ")" }
		else
			s.v:recovered()
			s:works()
		end
		expect.ok(r:fired() > 0, c[1])
	end
end }

scenario{ id = "blobs", needs = alone, level = "must",
	text = "A blob that is damaged or cut on its way is refused, and the VF goes on where it was",
	run = function()
	for _, rule in ipairs{ "on blob op=save do flip", "on blob op=restore do flip 8",
		"on blob op=restore do truncate 3" } do
		local s = busy()
		local b = card{}
		local r = fault(rule, rule:find "save" and s.a or b)
		local move = vmm.migrate(s.v, b, { stop_at = "restore" })
		expect.fails(nil, function() move:continue("place") end)
		expect.ok(r:fired() > 0, rule)
		move:undo()
		s:works()
		expect.no{ point = "irq", irq = "MIGRATED" }
	end
end }

scenario{ id = "interrupts", needs = alone, level = "must",
	text = "An interrupt that tells of something else, or none: work goes on",
	run = function()
	for _, rule in ipairs{ "on irq vf=1 bit=guc2host first=3 do bit 3",
		"on irq vf=1 bit=guc2host first=3 do drop", "on irq vf=1 bit=guc2host first=3 do byte 1" } do
		local s = busy()
		local r = fault(rule, s.a)
		for _ = 1, 5 do
			s.v:queue():submit():wait()
		end
		expect.eq(r:fired(), 3, rule)
		s:works()
	end
end }

scenario{ id = "broken-ring", needs = alone, level = "must",
	text = "A ring's descriptor that is broken, or memory that fails under it: a GT reset mends it",
	run = function()
	for _, what in ipairs{ "break h2g status 4", "break h2g head 0xFFFFFFFF",
		"break g2h tail 0xFFFFFFFF" } do
		local s = busy(what)
		s:go()
		local job = s.q:submit()
		sleep(100)
		s.v:reset()
		job:wait()
		s:works()
	end
	for _, dir in ipairs{ "read", "write" } do
		local s = busy()
		local rings = s.v:rings()
		local at = s.v:mem_info() + (dir == "read" and rings.h2g_buf or rings.g2h_buf)
		local r = fault(string.format("on mem-%s vf=1 range=0x%x+0x1000 first=1 do fail", dir, at), s.a)
		local job = s.q:submit()
		s.v:tlb_invalidate()
		sleep(100)
		expect.eq(r:fired(), 1, "mem-" .. dir)
		s.v:reset()
		job:wait()
		s:works()
	end
end }

scenario{ id = "registers", needs = alone, level = "must",
	text = "A register that reads otherwise, or a write that comes twice",
	run = function()
	local s = busy()
	fault(string.format("on mmio-read vf=1 range=0x%x+4 first=1 do set value=0xABCD", reg.VF_CAP), s.a)
	expect.eq(s.v:read32(reg.VF_CAP), 0xABCD)
	expect.eq(s.v:read32(reg.VF_CAP) & 1, 1)
	local r = fault(string.format("on mmio-write vf=1 range=0x%x+4 do duplicate",
		reg.GUC_HOST_INTERRUPT), s.a)
	s:works()
	expect.ok(r:fired() > 0, "doorbells twice")
end }

scenario{ id = "leaves", needs = alone, level = "must",
	text = "A VF's machine is cut off, or reset, at a message of its own: the next one boots",
	run = function()
	local s = busy("disconnect")
	s:go()
	s.a:vf(1, { provision = false }):queue():submit():wait()
	s = busy("reset function")
	s:go()
	await{ point = "state", vf = 1, to = "VF_READY" }
	sleep(100)
	s.v:wedge()
	s.v:boot()
	s.v:queue():submit():wait()
end }

scenario{ id = "points", needs = { "in-process" }, level = "must",
	text = "A rule fires wherever something only is told, and says so", run = function()
	local seen = {}
	local function look(c, ...)
		for _, point in ipairs{ ... } do
			seen[#seen + 1] = { point, fault("on " .. point .. " vf=any do nothing then log", c) }
		end
	end
	local a, b = card{ vfs = 2 }, card{ vfs = 2 }
	look(a, "state", "flr", "context", "fence", "mishap", "violation", "blob", "tick")
	look(b, "finding")
	local v = a:vf(1, { skip = { "ring-start" } })
	local l = v:load{ queues = 1 }
	local other = a:vf(2, { driver = false })
	other:map()
	other:pci_flr()
	sleep(100)
	other:write64(reg.GGTT + a:info(1).ggtt_start // 4096 * 8, 1)
	a:mishap(v, 0, { kind = "exception" })
	vmm.migrate(v, b)
	await{ point = "mbox-reply", action = "RESFIX_DONE" }
	local c = card{ pf = false }
	look(c, "provision")
	c:provision(1, { start = "64M", ggtt = "16M", contexts = 64 })
	sleep(1)
	for _, s in ipairs(seen) do
		expect.ok(s[2]:fired() > 0, s[1])
		expect.event{ point = "fault-asks", text = "log", value = s[2].number, card = s[2].card }
	end
end }
