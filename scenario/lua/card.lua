-- SPDX-License-Identifier: MIT
-- Cards, and the PFs on them.
local core, env = ...

for _, o in ipairs {
	{ "name", "a letter for messages; A, B, ... by default" },
	{ "platform", "`ptl`, `bmg`, ...: ids, GTs, local memory, full size; by default a small card " ..
		"like the first" },
	{ "tiles", "1 or 2" },
	{ "gts", "of each tile: 1, or 2 with a media GT" },
	{ "vfs", "1 by default" },
	{ "abi", "minor of the VF ABI it offers: 1.N; 28, or 26 with `--set generation=seed`" },
	{ "vf_abi", "`{[VF] = minor}` where a VF's differs" },
	{ "ggtt", "bytes, 512M", "size" },
	{ "contexts", "ids of a GuC, 4096" },
	{ "ggtt_offset", "how much lower VFs' ranges begin; different on each card by default", "size" },
	{ "lmem", "local memory of a tile, bytes", "size" },
	{ "ccs_ratio", "bytes of memory for one of compression metadata; 0: none" },
	{ "drain", "H2G is read out before PAUSE ends; true" },
	{ "strict", "RESFIX_START and DONE outside RESFIX are refused; false" },
	{ "strict_detector", "a finding fails the card's verdict; false" },
	{ "gap_profile", "the detector looks at rows 12, 20 and 21, too; true" },
	{ "ggtt_tlb", "a GGTT TLB that only an invalidation refreshes; false" },
	{ "engine_budget", "commands that a context runs a tick; 64" },
	{ "pf", "false: no PF driver, function 0 is the script's" },
	{ "pf_quirks", "list of the PF's weaknesses (`gucemu pf serve --help`); those of " ..
		"`--set pf_quirk=NAME`" },
	{ "disclose", "the PF says why it refuses a relay request; false" },
	{ "testloop", "the PF serves the relay's test loop; false" },
	{ "admin_only", "the PF runs no work; false" },
	{ "relay_base", "oldest relay version the PF serves, major << 16 | minor" },
	{ "relay_latest", "the latest one" },
	{ "graphics", "version times 100 that the PF finds, which chooses its list of runtime registers" },
	{ "runtime", "number of artificial runtime registers instead: 0x9000, 0x9004, ... are 0, 1, ..." },
	{ "trace", "`\"all\"`, or a list of points to see that are left out by default: `mmio-read`, " ..
		"`mmio-write`, `mem-read`, `mem-write`" },
} do
	core.option("card", o[1], o[2], o[3])
end

local cards = {}
core.cards = cards

-- Options that only a PF of our own has.
local of_our_pf = { "pf_quirks", "disclose", "testloop", "admin_only", "relay_base",
	"relay_latest", "graphics", "runtime" }

-- Is the card's PF to live here? What a script says of it, nobody else's has.
local function is_own(o)
	local own = core.looks.pf
	for _, name in ipairs(of_our_pf) do
		own = own or o[name] ~= nil
	end
	return core.world == "real" and not core.other_pf and o.pf ~= false and own
end

-- Wait until the PF of a card that is a process serves.
local function start_pf(index, o)
	core.card_gts(index)
	local there = core.pf_start(index, o)
	if type(there) == "number" then
		core.finish(there, "the PF's start", 10000)
		return
	end
	there = not there
	for _ = 1, 200 do
		if there then
			return
		end
		env.sleep(50)
		there = pcall(core.pf_info, index, 1)
	end
	core.fail("hang", "the PF does not come up")
end

core.def("Cards", "card{OPTIONS}", "Power a card on; its PF is up when this returns.",
	function(options)
		local o = core.take("card", options)
		if core.listing then
			error(core.listing_end, 0)
		end
		local n = #cards
		o.abi = o.abi or (core.param("generation") == "seed" and 26 or nil)
		o.ggtt_offset = o.ggtt_offset or n * (64 << 20)
		o.pf_quirks = o.pf_quirks or core.asked("pf_quirk")
		o.own_pf = is_own(o)
		local index, tag = core.card_new(o)
		local c = core.object("card", { index = index, name = o.name or string.char(65 + index),
			no_pf = o.pf == false })
		core.finish(tag, "the PF's start", 10000)
		if core.world == "real" then
			start_pf(index, o)
		end
		c.pf = core.object("pf", { card = c, kind = "pf", id = index, here = o.own_pf })
		cards[n + 1] = c
		return c
	end)

local function listing()
	if core.listing then
		error(core.listing_end, 0)
	end
end

local function number(vf)
	return core.is(vf, "vf") and vf:number() or vf
end

core.def("Cards", "card:state(vf, [gt])", "State of a VF in a GuC: `\"VF_RUNNING\"`.",
	function(c, vf, gt) return core.card_info(c.index, number(vf), gt or 0).state end)

core.def("Cards", "card:info(vf, [gt])",
	"All that the GuC has of a VF: state, marker, ctb, abi_minor, ggtt_start, ggtt_size, " ..
	"contexts, doorbells, registered, enabled, h2g, g2h, mbox, irqs, g2h_dropped, g2h_queued, " ..
	"findings, violations, quantum, preempt, priority, thresholds.",
	function(c, vf, gt)
		return core.card_info(c.index, number(vf), gt or 0)
	end)

core.def("Cards", "card:gt([gt])", "What the GuC was told for all functions.",
	function(c, gt)
		listing()
		return core.card_gt(c.index, gt or 0)
	end)

core.def("Cards", "card:shape()", "tiles, gts, vfs, contexts, ggtt, lmem, ccs_ratio, abi; idle.",
	function(c)
		listing()
		return core.card_shape(c.index)
	end)

core.def("Cards", "card:ggtt(address, [tile])", "The GGTT entry there.",
	function(c, address, tile)
		core.seen(c.pf, "card:ggtt()", "our-pf")
		if core.world == "real" then
			return core.mmio_read("pf", c.index, (tile or 0) * env.reg.TILE + env.reg.GGTT +
				address // 4096 * 8, 8)
		end
		return core.card_ggtt(c.index, address, tile or 0)
	end)

core.def("Cards", "card:findings(vf, [gt])",
	"What the detector found, oldest first: structure, context, dword, old, new, expected.",
	function(c, vf, gt)
		listing()
		return core.card_findings(c.index, number(vf), gt or 0)
	end)

core.def("Cards", "card:mishap(vf, gt, {kind=, ...})",
	"Something goes wrong on the card: `hang`, `engine`, `cat-error`, `page-fault`, " ..
	"`crash-dump`, `exception`; context, type, class, instance, reason, address, asid, level, " ..
	"access, fault, prefetch as the kind needs.",
	function(c, vf, gt, t)
		listing()
		core.card_mishap(c.index, number(vf), gt, t)
	end)

core.def("Cards", "card:pci_flr(vf)", "A PCI function level reset of the VF.",
	function(c, vf) core.card_flr(c.index, number(vf)) end)

core.def("Cards", "card:provision(vf, {start=, ggtt=, contexts=, ...})",
	"Give a VF its share without a PF (`card{pf=false}`).",
	function(c, vf, share)
		core.only_virtual("card:provision()")
		local s = {}
		for k, v in pairs(share) do
			s[k] = core.size(v)
		end
		core.card_provision(c.index, number(vf), s)
	end)

core.def("Cards", "card:lmem(vf, offset, length or bytes, [tile])",
	"Read or write local memory of a VF's share.",
	function(c, vf, off, what, tile)
		core.seen(c.pf, "card:lmem()", "our-pf")
		return core.card_local(c.index, tile or 0, number(vf), false, off, what)
	end)

core.def("Cards", "card:metadata(vf, offset, length or bytes, [tile])",
	"The same of its compression metadata.",
	function(c, vf, off, what, tile)
		core.seen(c.pf, "card:metadata()", "our-pf")
		return core.card_local(c.index, tile or 0, number(vf), true, off, what)
	end)

core.def("Cards", "card:snapshot()",
	"A copy of the whole card: GuCs, PF, fault rules, its memory, and the machines of the VFs " ..
	"that live there with memory and drivers; 1 GiB at most in a case, zeros take none.",
	function(c)
		core.only_virtual("card:snapshot()")
		return core.object("snapshot", { card = c, of = core.snapshot(c.index) })
	end)

core.def("Cards", "snapshot:restore()",
	"Put the card back to it, clocks included; any number of times. Rules that were added " ..
	"since are gone.",
	function(s) core.snapshot_restore(s.card.index, s.of) end)

core.def("Cards", "snapshot:size()", "Bytes that it takes.",
	function(s) return core.snapshot_size(s.of) end)

-- --- the PF --------------------------------------------------------------------------------

for _, o in ipairs {
	{ "ggtt", "bytes of GGTT; fair share by default", "size" },
	{ "start", "where it begins; the PF chooses by default", "size" },
	{ "contexts", "ids" },
	{ "doorbells", "ids; 0xFFFFFFFF: none" },
	{ "quantum", "execution quantum, ms" },
	{ "preempt", "preemption timeout, us" },
	{ "lmem", "bytes of local memory of each tile", "size" },
} do
	core.option("pf:provision", o[1], o[2], o[3])
end

local verbs = { provision = true, unprovision = true, flr = true, pause = true, resume = true,
	stop = true }

local function begin(pf, verb, vf, share)
	if not verbs[verb] then
		core.complain("the PF has no verb '%s'", tostring(verb))
	end
	local s = share and core.take("pf:provision", share) or nil
	return core.op(core.pf_do(pf.card.index, verb, number(vf), s), "pf " .. verb)
end

core.def("PF", "pf:start(VERB, vf, [share])",
	"Begin a verb and go on: an operation.",
	function(pf, verb, vf, share) return begin(pf, verb, vf, share) end)

core.def("PF", "pf:provision(vf, {OPTIONS})", "Give a VF its share.",
	function(pf, vf, share) begin(pf, "provision", vf, share or {}):wait() end)
core.def("PF", "pf:unprovision(vf)", "Take it back.",
	function(pf, vf) begin(pf, "unprovision", vf):wait() end)
core.def("PF", "pf:flr(vf)", "Reset the VF.", function(pf, vf) begin(pf, "flr", vf):wait() end)
core.def("PF", "pf:pause(vf)", "Pause the VF.", function(pf, vf) begin(pf, "pause", vf):wait() end)
core.def("PF", "pf:resume(vf)", "Resume it.", function(pf, vf) begin(pf, "resume", vf):wait() end)
core.def("PF", "pf:stop(vf)", "Stop it.", function(pf, vf) begin(pf, "stop", vf):wait() end)

core.def("PF", "pf:start_save(vf)", "Begin to save: an operation whose `wait()` gives the image.",
	function(pf, vf)
		return core.op(core.pf_save(pf.card.index, number(vf)), "pf save", core.pf_image_of)
	end)

core.def("PF", "pf:save(vf)", "Save a paused VF: the image, a text of its bytes.",
	function(pf, vf) return pf:start_save(vf):wait() end)

core.def("PF", "pf:start_restore(vf, image, {slice=, open=})",
	"Begin to restore; `slice` bytes at a time (4096); `open`: the image's end is said by " ..
	"`pf:restore_end(op)`.",
	function(pf, vf, image, o)
		o = o or {}
		core.seen(pf, "pf:start_restore()", "our-pf")
		return core.op(core.pf_restore(pf.card.index, number(vf), image, o.slice, o.open),
			"pf restore")
	end)

core.def("PF", "pf:restore_end(op)", "Nothing more comes of the image.",
	function(_, op) core.pf_restore_end(op.tag) end)

core.def("PF", "pf:restore(vf, image)", "Restore an image into a paused VF.",
	function(pf, vf, image)
		core.op(core.pf_restore(pf.card.index, number(vf), image), "pf restore"):wait()
	end)

core.def("PF", "pf:cancel(vf)", "Give up a save or restore that is under way.",
	function(pf, vf)
		core.seen(pf, "pf:cancel()", "our-pf")
		core.pf_cancel(pf.card.index, number(vf))
	end)

core.def("PF", "pf:set(vf, NAME, value, ...)",
	"Set a policy (vf 0) or a VF's threshold, as `gucemu pf set` names them.",
	function(pf, vf, name, ...)
		core.finish(core.pf_set(pf.card.index, number(vf), name, { ... }), "pf set")
	end)

core.def("PF", "pf:get(vf, NAME)", "What was set: a list of words.",
	function(pf, vf, name)
		core.seen(pf, "pf:get()", "our-pf")
		return core.pf_get(pf.card.index, number(vf), name)
	end)

core.def("PF", "pf:reset()", "A GT reset under the PF: everything is configured anew.",
	function(pf)
		core.seen(pf, "pf:reset()", "our-pf")
		core.finish(core.pf_reset(pf.card.index), "PF reset")
	end)

core.def("PF", "pf:vfio(vf, [STATE])",
	"The VF's VFIO migration state; with a STATE go there, by as many arcs as it takes: " ..
	"`running`, `running-p2p`, `stop`, `stop-copy`, `resuming`.",
	function(pf, vf, state)
		core.seen(pf, "pf:vfio()", "our-pf")
		if state then
			core.finish(core.vfio_set(pf.id, vf, state), "vfio", 30000)
		end
		return core.vfio_state(pf.id, vf)
	end)
core.def("PF", "pf:vfio_read(vf, [bytes], [position])",
	"Read the file of `stop-copy`: bytes, empty at its end, nil when none are there yet.",
	function(pf, vf, bytes, position)
		core.seen(pf, "pf:vfio_read()", "our-pf")
		return core.vfio_read(pf.id, vf, bytes, position)
	end)
core.def("PF", "pf:vfio_write(vf, bytes, [position])",
	"Write to the file of `resuming`: how many bytes were taken.",
	function(pf, vf, bytes, position)
		core.seen(pf, "pf:vfio_write()", "our-pf")
		return core.vfio_write(pf.id, vf, bytes, position)
	end)
core.def("PF", "pf:vfio_reset(vf)", "A reset of the device, announced to the PF by VFIO.",
	function(pf, vf)
		core.seen(pf, "pf:vfio_reset()", "our-pf")
		core.vfio_prepare(pf.id, vf)
		core.card_flr(pf.card.index, vf)
		core.finish(core.vfio_reset_done(pf.id, vf), "vfio reset", 10000)
	end)

core.def("PF", "pf:info(vf)",
	"What the PF knows of a VF: state (of each GT, from 0), mismatch, failed, ggtt_start, " ..
	"ggtt_size, contexts, doorbells, fixup_done, adverse, valid, busy, relay_minor.",
	function(pf, vf)
		return core.pf_info(pf.card.index, number(vf))
	end)

-- --- images ---------------------------------------------------------------------------------

core.def("Images", "image.flip(image, byte, [bit])", "A copy with a bit turned, bytes from 0.",
	function(image, at, bit)
		if at < 0 or at >= #image then
			core.complain("the image has %d bytes", #image)
		end
		return image:sub(1, at) .. string.char(image:byte(at + 1) ~ 1 << (bit or 0)) ..
			image:sub(at + 2)
	end)

core.def("Images", "image.put(image, byte, bytes)", "A copy with other bytes there.",
	function(image, at, bytes)
		if at < 0 or at + #bytes > #image then
			core.complain("the image has %d bytes", #image)
		end
		return image:sub(1, at) .. bytes .. image:sub(at + #bytes + 1)
	end)

core.def("Images", "image.cut(image, bytes)", "Its first so many bytes.",
	function(image, n) return image:sub(1, n) end)
