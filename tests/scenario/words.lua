-- SPDX-License-Identifier: MIT
-- The words of scenarios, each used once: what they give is what the reference says.

local inside = { "our-client", "our-pf" }

scenario{ id = "cards", needs = inside,
	text = "cards have what they were made with", run = function()
	local a = card{ gts = 2, vfs = 3, ggtt = "256M", abi = 27, contexts = 1024 }
	local b = card{ platform = "bmg", vfs = 1 }
	expect.eq(a.name .. b.name, "AB")
	expect.eq(a:shape().gts, 2)
	expect.eq(a:shape().ggtt, 256 << 20)
	expect.eq(a:shape().abi, 27)
	expect.ok(b:shape().lmem > 0, "local memory")
	a.pf:provision(1, { ggtt = "8M", contexts = 32, quantum = 10 })
	local i = a:info(1, 1)
	expect.eq(i.ggtt_size, 8 << 20)
	expect.eq(i.contexts, 32)
	expect.eq(i.quantum, 10)
	expect.eq(a:state(1), "VF_READY")
	expect.ok(a:ggtt(i.ggtt_start) ~= nil)
	expect.eq(a.pf:info(1).valid, "yes")
	expect.eq(#a:findings(1), 0)
	expect.eq(a:gt().vfs_enabled, true)
	a.pf:unprovision(1)
	expect.eq(a:state(1), "UNPROVISIONED")
	expect.fails("EINVAL", function() a.pf:provision(9, {}) end)
	expect.fails(nil, function() card{ vfs = 1000 } end)
	expect.fails(nil, function() card{ nonsense = 1 } end)
end }

scenario{ id = "settings", needs = inside,
	text = "policies and thresholds are set and read", run = function()
	local a = card{}
	a.pf:provision(1, {})
	a.pf:set(0, "sched-if-idle", 1)
	expect.eq(a:gt().sched_if_idle, 1)
	expect.eq(a.pf:get(0, "sched-if-idle"), { 1 })
	a.pf:set(1, "cat-err", 3)
	expect.eq(a.pf:get(1, "cat-err"), { 3 })
	a.pf:reset()
	expect.eq(a:gt().sched_if_idle, 1)
end }

scenario{ id = "driver", needs = inside,
	text = "a driver boots, works, suspends, resets and ends", run = function()
	local a = card{ gts = 2 }
	local v = a:vf(1)
	expect.eq(v:state(), "ready")
	expect.eq(v:guc_state(1), "VF_RUNNING")
	expect.eq(v:card(), 0)
	expect.ok(v:running())
	local q = v:queue(0, "compute")
	local j = q:submit("wait")
	sleep(5)
	expect.eq(v:counts().pending, 1)
	j:release()
	j:wait()
	q:submit("long", 7, 100):wait()
	q:suspend()
	local late = q:submit()
	expect.no{ point = "vf-job", job = 3, within = 20 }
	q:resume()
	late:wait()
	local wide = v:queue(1, "video", 2)
	wide:submit():wait()
	local primary = v:group(0, "render")
	local member = primary:join()
	member:submit():wait()
	primary:destroy()
	await{ point = "vf-queue" }
	v:tlb_invalidate()
	await{ point = "g2h", action = "TLB_INVALIDATION_DONE" }
	v:suspend()
	expect.eq(v:state(), "suspended")
	v:resume()
	v:reset(1)
	expect.ok(v:runtime(0xD8C) ~= 0)
	expect.ok(v:log():find("gt0"))
	v:shutdown()
	expect.eq(v:state(), "off")
	v:remove()
	a:vf(1, { provision = false })
	expect.clean()
end }

scenario{ id = "steps", needs = inside,
	text = "a recovery stands where it was told to, and goes on",
	run = function()
	local a, b = card{}, card{}
	local v = a:vf(1)
	local l = v:load{ queues = 1 }
	mark()
	v:hold("query")
	vmm.migrate(v, b)
	await{ point = "mbox-request", action = "RESFIX_START", vf = 1 }
	sleep(5)
	expect.eq(v:held(), "query")
	expect.eq(v:step_until("fixups"), "fix-ccs")
	expect.no{ point = "mbox-request", action = "RESFIX_DONE" }
	expect.eq(v:guc_state(), "VF_RESFIX_BLOCKED")
	v:continue()
	v:recovered()
	l:finish()
	expect.order{ { point = "vf-step", step = "query" }, { point = "vf-step", step = "done" } }
	expect.event{ point = "pf-verb", verb = "save", count = 1 }
	expect.ok(diagram(v):find("RESFIX_DONE"))
	expect.clean()
end }

scenario{ id = "seed-order", needs = inside,
	text = "the seed's order and its recovery", run = function()
	local a, b = card{ abi = 26, gts = 2 }, card{ abi = 26, gts = 2 }
	local v = a:vf(1)
	local l = v:load{}
	mark()
	vmm.migrate(v, b, { order = "seed" })
	v:recovered()
	l:finish()
	expect.no{ point = "mbox-request", action = "RESFIX_START" }
	expect.event{ point = "vf-step", step = "seed-fixups" }
end }

scenario{ id = "undo", text = "a move that is undone never was", run = function()
	local a, b = card{}, card{}
	local v = a:vf(1)
	local l = v:load{}
	mark()
	local m = vmm.migrate(v, b, { stop_at = "place" })
	expect.eq(b:state(1), "VF_RESFIX_PAUSED")
	m:undo()
	l:finish()
	expect.no{ point = "irq", irq = "MIGRATED" }
	expect.eq(b:state(1), "UNPROVISIONED")
	vmm.migrate(v, b, { stop_at = "thaw" }):continue()
	v:recovered()
	expect.clean()
end }

scenario{ id = "image", text = "a damaged image is refused and nothing of it applied",
	run = function()
	local a, b = card{}, card{}
	local v = a:vf(1)
	vmm.freeze(v)
	a.pf:pause(1)
	local op = a.pf:start_save(1)
	local i = op:wait()
	b.pf:provision(1, { ggtt = "16M", contexts = 64 })
	b.pf:pause(1)
	expect.fails(nil, function() b.pf:restore(1, image.flip(i, #i // 2, 3)) end)
	expect.fails(nil, function() b.pf:restore(1, image.cut(i, #i - 1)) end)
	expect.eq(b:state(1), "VF_READY_PAUSED")
	b.pf:restore(1, i)
	expect.eq(b:state(1), "VF_RESFIX_PAUSED")
	a.pf:resume(1)
	vmm.thaw(v)
	expect.fails("EPERM", function() a.pf:save(1) end)
end }

scenario{ id = "snapshot", needs = { "in-process" },
	text = "a card goes back to its snapshot, jobs and clocks with it",
	run = function()
	local a = card{ gts = 2 }
	local v = a:vf(1)
	local q = v:queue()
	local j = q:submit("wait")
	local r = fault("on h2g vf=1 action=TLB_INVALIDATION nth=2 do drop then set dropped", a)
	v:tlb_invalidate()
	sleep(5)
	local s = a:snapshot()
	expect.ok(s:size() > 1 << 18)
	for n = 1, 3 do
		expect.eq({ r:matched(), r:fired(), a:fault_state("dropped") }, { 1, 0, false })
		v:tlb_invalidate()
		local late = fault("on mbox-request vf=1 do nothing", a)
		j:release()
		sleep(10)
		expect.eq(v:counts().pending, 0, "jobs in round " .. n)
		sleep(1000)
		expect.eq({ r:matched(), r:fired(), a:fault_state("dropped") }, { 2, 1, true })
		expect.eq(late:fired(), 0)
		a.pf:flr(1)
		s:restore()
		expect.eq(pcall(late.fired, late), false)
		expect.eq(v:counts().pending, 1)
		expect.eq(v:guc_state(), "VF_RUNNING")
	end
	j:release()
	sleep(10)
	expect.eq(v:counts().bad, 0)
	q:submit():wait()
	expect.eq(v:counts().wedged, 0)
end }

scenario{ id = "raw", needs = inside, text = "a script can play a VF's driver", run = function()
	local a = card{ disclose = true }
	local v = a:vf(1, { driver = false })
	expect.eq(hxg.type(v:mbox{ hxg.header("VF_RESET") }[1]), "SUCCESS")
	local reply = v:mbox{ hxg.header("QUERY_SINGLE_KLV"), 0xFFFF }
	expect.eq(hxg.type(reply[1]), "FAILURE")
	v:open_rings()
	expect.eq(v:guc_state(), "VF_RUNNING")
	expect.eq(v:rings().state, "on")
	mark()
	expect.fails("EIO", function() v:send{ hxg.header(0x0FF0) } end)
	expect.event{ point = "g2h", type = "FAILURE", error = "UNKNOWN_ACTION" }
	v:send({ hxg.header("TLB_INVALIDATION"), 7, 0 }, { type = "FAST_REQUEST" })
	await{ point = "g2h", action = "TLB_INVALIDATION_DONE", dw = { [1] = 7 } }
	v:dword(0x100, 0xDEADBEEF)
	expect.eq(v:dword(0x100), 0xDEADBEEF)
	expect.eq(v:mem_read(0x100, 4), "\xEF\xBE\xAD\xDE")
	expect.eq(v:read32(reg.VF_CAP) & 1, 1)
	v:pci_flr()
	await{ point = "pf-notify" }
end }

scenario{ id = "raw-beside", needs = inside,
	text = "a script can send beside a driver, and as the PF",
	run = function()
	local a = card{}
	local v = a:vf(1)
	mark()
	v:send({ hxg.header("TLB_INVALIDATION"), 0x7000, 0 }, { type = "FAST_REQUEST" })
	await{ point = "g2h", action = "TLB_INVALIDATION_DONE", vf = 1 }
	expect.fails("EIO", function() a.pf:send{ hxg.header("VF_CONTROL"), 1, 99 } end)
	expect.event{ point = "g2h", fn = 0, type = "FAILURE" }
	a.pf:pause(1)
	a.pf:resume(1)
	v:queue():submit():wait()
end }

scenario{ id = "no-pf", needs = { "in-process" },
	text = "a card without a PF driver", run = function()
	local a = card{ pf = false }
	a:provision(1, { start = "64M", ggtt = "16M", contexts = 64 })
	local v = a:vf(1)
	v:queue():submit():wait()
	expect.eq(v:info().ggtt_start, 64 << 20)
end }

scenario{ id = "mishap", needs = inside,
	text = "what goes wrong on the card reaches the driver", run = function()
	local a = card{}
	local v = a:vf(1)
	local q = v:queue()
	q:submit("wait")
	sleep(5)
	mark()
	a:mishap(v, 0, { kind = "hang", context = q.id })
	await{ point = "g2h", action = "CONTEXT_RESET_NOTIFICATION", vf = 1 }
	await{ point = "vf-job", err = "ECANCELED" }
end }

scenario{ id = "keep", needs = inside, text = "local memory and metadata move", run = function()
	local a = card{ lmem = "64M", ccs_ratio = 512 }
	local b = card{ lmem = "64M", ccs_ratio = 512 }
	local v = a:vf(1, { provision = { ggtt = "16M", contexts = 64, lmem = "8M" } })
	expect.ok(v:keep(5) > 0)
	a:lmem(v, 1 << 20, "hello")
	vmm.migrate(v, b)
	v:recovered()
	expect.ok(v:kept() > 0)
	expect.eq(b:lmem(v, 1 << 20, 5), "hello")
	b:lmem(v, 0, string.rep("x", 8 << 20))
	expect.fails("EIO", function() v:kept() end)
end }

scenario{ id = "relay", needs = inside, text = "relay requests of a script", run = function()
	local a = card{ testloop = true }
	local v = a:vf(1)
	local answer = v:relay{ hxg.header(1), 1 << 16 }
	expect.eq(answer[2] >> 16, 1)
	expect.eq(v:info().relay_major, 1)
end }

scenario{ id = "finding", text = "a forgotten fixup is found", run = function()
	local a, b = card{}, card{}
	local v = a:vf(1, { skip = { "ring-start" } })
	v:load{ queues = 1 }
	mark()
	vmm.migrate(v, b)
	await{ point = "mbox-reply", action = "RESFIX_DONE" }
	local e = expect.finding{ structure = "ring-start", card = b }
	expect.ne(e.finding.new, e.finding.expected)
	expect.ok(#b:findings(1) > 0)
end }

scenario{ id = "tasks", text = "tasks run beside each other", run = function()
	local a = card{ vfs = 4 }
	local booted = 0
	local tasks = {}
	for n = 1, 4 do
		tasks[n] = spawn(function()
			a:vf(n, { provision = false, boot = false })
			booted = booted + 1
		end)
	end
	for n = 1, 4 do
		tasks[n]:join()
	end
	expect.eq(booted, 4)
	local at = now()
	sleep(2.5)
	expect.ok(now() - at >= 2.5)
	expect.ok(random(10) < 10)
	expect.eq(seed(), 1)
	local op = a.pf:start("provision", 1, { ggtt = "4M", contexts = 8 })
	expect.eq(op:done(), false)
	op:wait()
	print("all", booted)
end }

scenario{ id = "frozen", needs = inside, text = "a frozen machine does nothing", run = function()
	local a = card{}
	local v = a:vf(1)
	local q = v:queue()
	vmm.freeze(v)
	expect.ok(v:counts().frozen)
	q:submit()
	expect.no{ point = "vf-job", within = 100 }
	vmm.thaw(v)
	await{ point = "vf-job" }
	v:irq()
	v:wedge()
	await{ point = "vf-state", text = "wedged" }
	expect.eq(v:state(), "wedged")
end }

scenario{ id = "faults", needs = inside,
	text = "rules fire, and what they ask of the world is done",
	run = function()
	local a, b = card{}, card{}
	local v = a:vf(1)
	local q = v:queue()
	q:submit():wait()
	local r = fault "on g2h vf=1 action=SCHED_CONTEXT_MODE_DONE do drop"
	q:destroy()
	expect.no{ point = "vf-queue", within = 50 }
	expect.eq(r:fired(), 1)
	r:remove()
	local lost = fault("on mbox-reply vf=1 nth=1 do drop", b)
	fault("on h2g vf=1 action=TLB_INVALIDATION nth=1 do migrate", a)
	mark()
	v:tlb_invalidate()
	await{ point = "irq", irq = "MIGRATED", card = b }
	await{ point = "vf-state", text = "wedged" } -- START went unanswered
	expect.eq(v:card(), 1)
	expect.eq(lost:fired(), 1)
	expect.fails(nil, function() fault "on nowhere do drop" end)
end }

scenario{ id = "interrupt-registers",
	text = "a VF of a platform without memory interrupts moves and recovers", run = function()
	local a, b = card{ platform = "tgl" }, card{ platform = "tgl" }
	local v = a:vf(1)
	local load = v:load{ wide = true }
	vmm.migrate(v, b)
	await{ point = "irq", irq = "MIGRATED", vf = v:number(), card = b }
	v:recovered()
	load:finish()
	expect.clean()
end }
