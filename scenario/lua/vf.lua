-- SPDX-License-Identifier: MIT
-- VFs: their machines and drivers, queues and jobs, and the fourth actor, which moves
-- them from card to card.
local core, env = ...

for _, o in ipairs {
	{ "provision", "the share that the PF gives it (as `pf:provision`), or false; fair share of " ..
		"a small card by default" },
	{ "driver", "false: a machine with memory only, the script plays the driver" },
	{ "mem", "bytes of memory, 8M", "size" },
	{ "generation", "`seed`, `latest` or `auto`, which follows the negotiated ABI" },
	{ "quirks", "list of Linux 7.2's weaknesses (`gucemu vf --help`); those of " ..
		"`--set quirk=NAME`" },
	{ "skip", "list of fixups to leave out; those of `--set skip=NAME`" },
	{ "twice", "list of fixups to do twice" },
	{ "min_minor", "least VF ABI minor it wants, 1 or 2" },
	{ "ccs", "registers compression contexts; true where the card has metadata for them" },
	{ "indirect_ring", "contexts with indirect ring state; false" },
	{ "relay", "has a relay: handshake and runtime registers at boot, requests, answers; true" },
	{ "testloop", "serves the PF's relay test loop; false" },
	{ "never_wedge", "a failed recovery only ends the queues of its GT; false" },
	{ "shared_queue", "one worker for the recoveries of both GTs; false" },
	{ "ggtt_min", "least GGTT start that it takes, 8M", "size" },
	{ "boot", "false: don't boot it yet" },
} do
	core.option("card:vf", o[1], o[2], o[3])
end

local function seen(v, what)
	core.seen(v, what, "our-client")
	return v.id
end

core.def("VFs", "card:vf(n, {OPTIONS})",
	"VF n with a machine and a driver, provisioned and booted unless told otherwise.",
	function(c, n, options)
		local o = core.take("card:vf", options)
		if o.provision == nil then
			o.provision = { ggtt = "16M", contexts = 64 }
		end
		if o.provision and not c.no_pf and core.provisioned(c, n) == false then
			c.pf:provision(n, o.provision)
		end
		local v = core.object("vf", { kind = "vf", driver = o.driver ~= false })
		if v.driver then
			o.quirks = o.quirks or core.asked("quirk")
			o.skip = o.skip or core.asked("skip")
		end
		-- A machine without a driver is the script's own, wherever its card is.
		v.here = core.world == "real" and
			(not v.driver or core.looks.client and not core.client) or nil
		o.own = v.here
		v.id = core.vf_new(c.index, n, o)
		core.vf_made(v, c, n, o)
		if v.driver and o.boot ~= false then
			v:boot()
		end
		return v
	end)

core.def("VFs", "vf:number()", "Its number, where it lives now.",
	function(v)
		local _, fn = core.vf_where(v.id)
		return fn
	end)
core.def("VFs", "vf:card()", "The number of the card where it lives, from 0.",
	function(v) return (core.vf_where(v.id)) end)

-- Somebody else's driver runs already when it asks the PF for this and that: until that is
-- over, no more than a second.
local function until_asked(v)
	local pattern = core.pattern { point = "h2g", action = "RELAY_TO_PF", vf = v:number() }
	local from, still = core.events() + 1, 0
	for _ = 1, 20 do
		env.sleep(50)
		local to = core.events()
		still = core.find(pattern, from, to) and 0 or still + 1
		if still == 4 then
			break
		end
		from = to + 1
	end
end

core.def("VFs", "vf:boot()", "Boot the driver: reset, version, configuration, rings, relay.",
	function(v)
		v.wedged_before = 0
		core.finish(core.vf_op(v.id, "boot", 0), "the VF's boot", 10000)
		if core.world == "real" and core.client then
			until_asked(v)
		end
	end)
core.def("VFs", "vf:start(WHAT, [gt])",
	"Begin `boot`, `reset` (of a GT), `suspend`, `resume` or `shutdown`, and go on: an operation.",
	function(v, what, gt)
		return core.op(core.vf_op(v.id, what, gt or 0), "vf " .. what)
	end)
core.def("VFs", "vf:reset([gt])", "A GT reset by the driver.",
	function(v, gt) v:start("reset", gt):wait() end)
core.def("VFs", "vf:suspend()", "Suspend the driver.", function(v) v:start("suspend"):wait() end)
core.def("VFs", "vf:resume()", "Resume the driver.", function(v) v:start("resume"):wait() end)
core.def("VFs", "vf:shutdown()", "Unload the driver.",
	function(v) core.finish(core.vf_op(v.id, "shutdown", 0), "the VF's end", 3000) end)
core.def("VFs", "vf:wedge()", "The driver gives up, as when its transport is lost; await its state.",
	function(v) core.vf_wedge(seen(v, "vf:wedge()")) end)
core.def("VFs", "vf:remove()", "The machine goes, as if its process died.",
	function(v)
		v.gone = true
		core.vf_remove(v.id)
	end)

core.def("VFs", "vf:info([gt])",
	"All that the driver knows: state, abi_minor, ggtt_start, ggtt_size, recovery_pending, " ..
	"ggtt_valid, marker_next, recoveries, requeues, queues, registered, jobs_done, jobs_failed, " ..
	"jobs_pending, relay_minor, runtime, tlb_sent, tlb_done, wedged_err, ...",
	function(v, gt) return core.vf_info(seen(v, "vf:info()"), gt or 0) end)
core.def("VFs", "vf:state([gt])", "State of the driver: `\"ready\"`, `\"recovering\"`, `\"wedged\"`.",
	function(v, gt) return v:info(gt).state end)
core.def("VFs", "vf:guc_state([gt])", "State of the VF in the GuC where it lives.",
	function(v, gt)
		local card, fn = core.vf_where(v.id)
		return core.card_info(card, fn, gt or 0).state
	end)
core.def("VFs", "vf:counts()", "Of its jobs: ok, bad, pending; wedged, recovered, running, frozen.",
	function(v) return core.vf_counts(v.id) end)
core.def("VFs", "vf:log()", "The driver's log, lines.",
	function(v) return core.vf_log(seen(v, "vf:log()")) end)
core.def("VFs", "vf:running()", "Is it ready on every GT, nothing pends, and the GuC runs it?",
	function(v) return core.vf_counts(v.id).running end)
core.def("VFs", "vf:recovered([ms])",
	"Wait until it is; a `hang` after `ms`, 5000 by default, a failure when it has wedged.",
	function(v, ms)
		local function ended()
			return core.vf_counts(v.id).wedged > 0 or v:running()
		end
		if not core.await(ended, ms) then
			core.fail("hang", string.format("VF %d has not recovered within %g ms", v:number(),
				ms or 5000), core.events())
		elseif not v:running() then
			core.fail("fail", string.format("VF %d wedged", v:number()), core.events())
		end
	end)

-- --- steps of a recovery -------------------------------------------------------------------

core.def("Steps", "vf:hold(STEP, ...)",
	"From now on the recovery stands before these steps until `vf:continue()`: " ..
	table.concat(core.names.steps, ", ") .. ".",
	function(v, ...)
		core.vf_hold(seen(v, "vf:hold()"), { steps = { ... } })
	end)
core.def("Steps", "vf:held()", "The step before which it stands, or nil.",
	function(v) return core.vf_held(seen(v, "vf:held()")) end)
core.def("Steps", "vf:continue()", "Hold no more.",
	function(v) core.vf_hold(seen(v, "vf:continue()"), { steps = {} }) end)
core.def("Steps", "vf:step_until(STEP, [ms])",
	"Let the recovery go on until it stands before this step. `fixups` is the first that moves " ..
	"addresses, in either generation.",
	function(v, step, ms)
		seen(v, "vf:step_until()")
		local steps = step == "fixups" and { "seed-fixups", "fix-ccs" } or { step }
		core.vf_hold(v.id, { steps = steps })
		if not core.await(function() return core.vf_held(v.id) end, ms) then
			core.fail("hang", string.format("VF %d did not come to step %s", v:number(), step),
				core.events())
		end
		return core.vf_held(v.id)
	end)

-- --- queues and jobs -------------------------------------------------------------------------

core.def("Jobs", "vf:queue([gt], [CLASS], [width])",
	"A queue on an engine: `render`, `video`, `video-enhance`, `blitter`, `compute`; width 2 to 8 " ..
	"is a parallel one.",
	function(v, gt, class, width)
		seen(v, "vf:queue()")
		return core.object("queue", { vf = v, gt = gt or 0,
			id = core.queue(v.id, gt or 0, class or "render", width or 1) })
	end)
core.def("Jobs", "vf:group([gt], [CLASS])", "The primary queue of a multi-queue group.",
	function(v, gt, class)
		seen(v, "vf:group()")
		return core.object("queue", { vf = v, gt = gt or 0,
			id = core.group(v.id, gt or 0, class or "render") })
	end)
core.def("Jobs", "queue:join()", "One more queue of a primary's group.",
	function(q)
		return core.object("queue", { vf = q.vf, gt = q.gt,
			id = core.group_add(q.vf.id, q.gt, q.id) })
	end)
core.def("Jobs", "queue:submit([KIND], [value], [length])",
	"A job: `store`, `long` (after `length` no-ops), `wait` (until released), `local`, " ..
	"`ccs-put`, `ccs-get`.",
	function(q, kind, value, length)
		-- Other VFs, elsewhere or before, have queues and jobs of the same numbers.
		local from = core.events() + 1
		local n = core.job(q.vf.id, q.gt, q.id, { kind = kind or "store", value = value,
			length = length })
		return core.object("job", { queue = q, number = n, from = from })
	end)
core.def("Jobs", "queue:destroy()", "Disable, deregister, free.",
	function(q) core.queue_op(q.vf.id, q.gt, q.id, "destroy") end)
core.def("Jobs", "queue:suspend()", "Stop scheduling it.",
	function(q) core.queue_op(q.vf.id, q.gt, q.id, "suspend") end)
core.def("Jobs", "queue:resume()", "Schedule it again.",
	function(q) core.queue_op(q.vf.id, q.gt, q.id, "resume") end)
core.def("Jobs", "job:release()", "Let a `wait` job go on.",
	function(j) core.job_release(j.queue.vf.id, j.queue.gt, j.queue.id, j.number) end)
core.def("Jobs", "job:wait([ms])", "Wait for its end, 5000 ms by default; an error when it went wrong.",
	function(j, ms)
		local q = j.queue
		local pattern = core.pattern { point = "vf-job", queue = q.id, job = j.number, gt = q.gt,
			vf = q.vf:number() }
		local limit, at = core.now() + core.ns(ms or 5000), nil
		while true do
			at = core.find(pattern, j.from)
			if at then
				break
			elseif not core.wait("event", core.events() + 1, limit) then
				core.fail("hang", string.format("job %d of queue %d did not end", j.number, q.id),
					core.events())
			end
		end
		local e = core.event(at)
		if e.err ~= "" then
			core.raise(core.errno(e.err), "job")
		end
	end)

for _, o in ipairs {
	{ "queues", "plain queues of each GT, 2" },
	{ "wide", "and a parallel one and a group of three; false" },
	{ "blocked", "each queue has a job that waits at a semaphore; true" },
} do
	core.option("vf:load", o[1], o[2], o[3])
end

local classes = { [0] = { "render", "blitter", "compute" }, { "video", "video-enhance" } }

core.def("Jobs", "vf:load{OPTIONS}",
	"A load on every GT: each queue has a job that has ended and one that waits in mid-batch. " ..
	"With `--sockets` a client's own work takes its place.",
	function(v, options)
		local o = core.take("vf:load", options)
		if core.world == "real" and not v.here then
			-- A client has its own work.
			return core.object("load", { vf = v, real = true })
		end
		local _, _, gts = core.vf_where(v.id)
		local l = core.object("load", { vf = v, queues = {}, blocked = {}, submitted = 0,
			before = core.vf_counts(v.id).ok })
		for gt = 0, gts - 1 do
			local names = classes[gt]
			for i = 1, o.queues or 2 do
				l.queues[#l.queues + 1] = v:queue(gt, names[(i - 1) % #names + 1])
			end
			if o.wide then
				l.queues[#l.queues + 1] = v:queue(gt, names[1], 2)
				local group = v:group(gt, names[2])
				l.queues[#l.queues + 1] = group
				l.queues[#l.queues + 1] = group:join()
				l.queues[#l.queues + 1] = group:join()
			end
		end
		l:more("store")
		l:drain()
		if o.blocked ~= false then
			for _, q in ipairs(l.queues) do
				l.blocked[#l.blocked + 1] = q:submit("wait")
				l.submitted = l.submitted + 1
			end
			env.sleep(5)
		end
		return l
	end)
core.def("Jobs", "load:more([KIND])", "One more job on every queue, not waited for.",
	function(l, kind)
		for i, q in ipairs(l.queues or {}) do
			q:submit(kind or (i % 2 == 0 and "long" or "store"), 0xC0DE0000 + l.submitted)
			l.submitted = l.submitted + 1
		end
	end)
core.def("Jobs", "load:drain([ms])", "Wait until every job has ended; 5000 ms by default.",
	function(l, ms)
		if l.real then
			return
		elseif not core.await(function() return core.vf_counts(l.vf.id).pending == 0 end, ms) then
			core.fail("hang", string.format("%d jobs do not end", core.vf_counts(l.vf.id).pending),
				core.events())
		end
	end)
core.def("Jobs", "load:finish()",
	"Release what waits, add a job everywhere; every one of them has ended once and right.",
	function(l)
		if l.real then
			l.vf:recovered()
			env.expect.eq(core.vf_counts(l.vf.id).bad, 0, "jobs that went wrong")
			return
		end
		for _, j in ipairs(l.blocked) do
			j:release()
		end
		l.blocked = {}
		l:more()
		l:drain()
		local c = core.vf_counts(l.vf.id)
		if c.bad > 0 or c.ok - l.before ~= l.submitted then
			core.fail("fail", string.format("%d jobs submitted, %d right, %d wrong", l.submitted,
				c.ok - l.before, c.bad), core.events())
		end
	end)

core.def("Jobs", "vf:keep(seed)",
	"Write what a migration must not lose: memory, local memory, metadata. Bytes written.",
	function(v, seed)
		local dw = core.finish(core.vf_keep(seen(v, "vf:keep()"), seed), "keep")
		return dw[1] | dw[2] << 32
	end)
core.def("Jobs", "vf:kept()", "Compare it: an error EIO when something differs. Bytes compared.",
	function(v)
		local dw = core.finish(core.vf_keep(seen(v, "vf:kept()")), "kept")
		return dw[1] | dw[2] << 32
	end)

-- --- messages of the driver -------------------------------------------------------------------

core.def("VFs", "vf:relay({dwords}, [gt])",
	"A relay request to the PF through the driver: the answer's dwords.",
	function(v, dw, gt)
		return core.finish(core.vf_relay(seen(v, "vf:relay()"), gt or 0, dw), "relay")
	end)
core.def("VFs", "vf:tlb_invalidate([gt])", "Invalidate the GuC's TLB.",
	function(v, gt) core.vf_tlb(seen(v, "vf:tlb_invalidate()"), gt or 0) end)
core.def("VFs", "vf:runtime(offset, [gt])", "A runtime register, as the PF told it.",
	function(v, off, gt) return core.vf_runtime(seen(v, "vf:runtime()"), gt or 0, off) end)
core.def("VFs", "vf:irq()", "An interrupt (MSI) for its driver, out of nothing.",
	function(v) core.vf_irq(seen(v, "vf:irq()")) end)
core.def("VFs", "vf:pci_flr()", "A PCI function level reset.",
	function(v)
		local card, fn = core.vf_where(v.id)
		core.card_flr(card, fn)
	end)

-- --- the machine's owner ------------------------------------------------------------------------

core.def("VMM", "vmm.freeze(vf)", "Stop the machine's clock; its driver does nothing.",
	function(v) core.vf_freeze(v.id, true) end)
core.def("VMM", "vmm.thaw(vf)", "Let it go on.", function(v) core.vf_freeze(v.id, false) end)

for _, o in ipairs {
	{ "provision", "the share it gets there (as `pf:provision`); its own sizes by default" },
	{ "stop_at", "stop before this step: `freeze`, `pause`, `save`, `flr`, `provision`, " ..
		"`pause-there`, `restore`, `place`, `resume`, `thaw`, `release`" },
	{ "image", "a function that gets the image and gives the one to restore" },
	{ "release", "reset what is left on the old card; true" },
	{ "order", "`seed`: FLR and provisioning before the source is paused; by default as QEMU does" },
} do
	core.option("vmm.migrate", o[1], o[2], o[3])
end

local steps = {
	{ "freeze", function(m) env.vmm.freeze(m.vf) end },
	{ "pause", function(m) m.from.pf:pause(m.fn) end },
	{ "save", function(m)
		m.image = m.from.pf:save(m.fn)
		if m.edit then
			m.image = m.edit(m.image)
		end
	end },
	{ "flr", function(m)
		if core.provisioned(m.to, m.fn) ~= false then
			m.to.pf:flr(m.fn)
		end
	end },
	{ "provision", function(m) m.to.pf:provision(m.fn, m.share) end },
	{ "pause-there", function(m) m.to.pf:pause(m.fn) end },
	{ "restore", function(m) m.to.pf:restore(m.fn, m.image) end },
	{ "place", function(m) core.vf_place(m.vf.id, m.to.index, m.fn) end },
	{ "resume", function(m) m.to.pf:resume(m.fn) end },
	{ "thaw", function(m) env.vmm.thaw(m.vf) end },
	{ "release", function(m)
		if m.keep then
			return
		end
		m.from.pf:flr(m.fn)
		m.from.pf:unprovision(m.fn)
	end },
}

local seed_order = { 4, 5, 1, 2, 3, 6, 7, 8, 9, 10, 11 }

core.def("VMM", "move:continue([STEP])", "Go on, to before that step or to the end.",
	function(m, stop)
		while m.at <= #steps do
			local step = steps[m.seed and seed_order[m.at] or m.at]
			if step[1] == stop and m.stopped ~= stop then
				m.stopped = stop
				return m
			end
			step[2](m)
			m.at = m.at + 1
		end
		return m
	end)

core.def("VMM", "move:undo()",
	"Give it up before the machine was moved: it goes on where it was, as if nothing had been.",
	function(m)
		if core.vf_where(m.vf.id) == m.to.index then
			core.complain("the machine is on the other card already")
		end
		if core.provisioned(m.to, m.fn) ~= false then
			m.to.pf:flr(m.fn)
			m.to.pf:unprovision(m.fn)
		end
		m.from.pf:resume(m.fn)
		env.vmm.thaw(m.vf)
	end)

local known = {}

function core.card_of(index)
	return known[index]
end

core.def("VMM", "vmm.migrate(vf, card, {OPTIONS})",
	"Move a VF to the other card: freeze, pause, save; reset, provision, pause, restore there; " ..
	"move the machine; resume, thaw. It does not wait for the driver's recovery. A move, on " ..
	"which one that was stopped goes on.",
	function(v, to, options)
		local o = core.take("vmm.migrate", options)
		local from = core.card_of(v:card())
		local info = core.pf_info(from.index, v:number())
		local m = core.object("move", { vf = v, to = to, from = from, fn = v:number(), at = 1,
			edit = o.image, keep = o.release == false, seed = o.order == "seed",
			share = o.provision or { ggtt = info.ggtt_size, contexts = info.contexts,
				doorbells = info.doorbells > 0 and info.doorbells or 0xFFFFFFFF,
				lmem = info.lmem_size } })
		return m:continue(o.stop_at)
	end)

-- --- between the worlds ----------------------------------------------------------------------

-- Does the PF have something of VF n? nil: nobody knows.
function core.provisioned(c, n)
	known[c.index] = c
	local ok, info = pcall(core.pf_info, c.index, n)
	return ok and info.ggtt_size > 0
end

local vfs = {}
core.vfs = vfs

function core.vf_made(v, c)
	known[c.index] = c
	vfs[#vfs + 1] = v
end

-- The VF that lives there now.
function core.vf_at(c, fn)
	for _, v in ipairs(vfs) do
		if not v.gone and v:card() == c.index and v:number() == fn then
			return v
		end
	end
end

function core.pf_image_of(tag)
	return core.pf_image(tag)
end
