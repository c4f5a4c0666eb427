-- SPDX-License-Identifier: MIT
-- Saving a VF: what the PF asks the GuC, and what it makes of odd answers
-- (vf-lifecycle 6.5, 2.8).
include "_image.lua"

local function paused(options)
	local a = provisioned(options)
	a.pf:pause(1)
	mark()
	return a
end

-- A save with a rule ends with the errno; the next without it succeeds.
local function save_fails(rule, errno)
	local a = paused()
	local r = fault(rule, a)
	expect.fails(errno, function() a.pf:save(1) end)
	expect.ok(r:fired() > 0, rule)
	r:remove()
	expect.ok(#a.pf:save(1) > 100)
end
local SIZE = "on h2g pf action=SAVE_RESTORE_VF dw4=0 do "
local SAVE = "on g2h pf type=response action=SAVE_RESTORE_VF nth=2 do "

scenario{ id = "M-01", level = "must", source = "S",
	text = "Only a paused VF can be saved: EPERM",
	run = function()
	local a = provisioned()
	expect.fails("EPERM", function() a.pf:save(1) end)
end }

scenario{ id = "M-02", level = "must", source = "S",
	text = "The GuC says that the blob has 0 dwords: ENODATA",
	run = function() save_fails(SIZE .. "answer 0xF0000000", "ENODATA") end }

scenario{ id = "M-03", level = "must", source = "S",
	text = "The GuC used more dwords than it said: EPROTO; none: ENODATA",
	run = function()
	save_fails(SAVE .. "data0 0x0FFFFFF", "EPROTO")
	save_fails(SAVE .. "data0 0", "ENODATA")
end }

scenario{ id = "M-04", level = "must", source = "S",
	text = "A blob of more than 8 MiB: ENOBUFS",
	run = function() save_fails(SIZE .. "answer 0xF0300000", "ENOBUFS") end }

scenario{ id = "M-05", level = "must", source = "S", needs = alone,
	text = "An entry of the region is somebody else's: EPERM",
	run = function()
	local a = paused()
	local at = reg.GGTT + a:info(1).ggtt_start // 4096 * 8
	local entry = a.pf:read64(at)
	a.pf:write64(at, entry ~ 3 << 2)
	expect.fails("EPERM", function() a.pf:save(1) end)
	a.pf:write64(at, entry)
	a.pf:save(1)
end }

scenario{ id = "M-06", level = "must", source = "S", needs = alone,
	text = "A reader that stops: the save waits for it, and goes on later",
	run = function()
	local function with_memory()
		local c = card{ vfs = 2, lmem = "64M" }
		for vf = 1, 2 do
			c.pf:provision(vf, { ggtt = "8M", contexts = 8, lmem = "4M" })
		end
		return c
	end
	local a, b = with_memory(), with_memory()
	local dwords = {}
	for n = 1, 1 << 18 do
		dwords[n] = string.pack("<I4", n * 2654435761 & 0xFFFFFFFF)
	end
	local content = table.concat(dwords)
	a:lmem(1, 0, content)
	mark()
	a.pf:vfio(1, "stop-copy")
	local first
	repeat
		sleep(2)
		first = a.pf:vfio_read(1, 16)
	until first
	expect.eq(#first, 16)
	-- The image is not done, however long that takes, nor is the VF; others are served.
	sleep(10000)
	expect.no{ point = "pf-verb", verb = "save" }
	expect.eq(a.pf:info(1).busy, "save")
	expect.fails("EBUSY", function() a.pf:resume(1) end)
	a.pf:pause(2)
	a.pf:resume(2)
	local rest = table.concat(read_out(a, function() return 4096 end))
	expect.ok(#rest > #content, "the rest")
	expect.eq(await{ point = "pf-verb", verb = "save" }.err, "")
	b.pf:pause(1)
	b.pf:restore(1, first .. rest)
	expect.ok(b:lmem(1, 0, #content) == content, "local memory is what it was")
end }

scenario{ id = "M-07", level = "should", source = "S/D", needs = alone,
	text = "A reader that is interrupted goes on where it was",
	run = function()
	local a = provisioned()
	a.pf:pause(1)
	local whole = parse(a.pf:save(1))
	a.pf:resume(1)
	a.pf:vfio(1, "stop-copy")
	-- It comes too early, and reads where it must not: nothing of that sticks.
	expect.eq(a.pf:vfio_read(1, 100), nil)
	local image = read_out(a, function(n)
		if n % 10 == 0 then
			expect.fails("ESPIPE", function() a.pf:vfio_read(1, 100, true) end)
			sleep(0.1)
		end
		return 1 + n % 7
	end)
	expect.eq(a.pf:vfio_read(1, 100), "", "behind the end")
	a.pf:vfio(1, "stop")
	-- But for the image's id, which is random, and the checksums over it.
	local pieces = parse(table.concat(image))
	expect.eq(#pieces, #whole, "sections")
	for n = 1, #whole - 1 do
		expect.eq(pieces[n].payload, whole[n].payload, "section " .. n)
	end
	local b = paused()
	b.pf:restore(1, table.concat(image))
end }

scenario{ id = "M-08", level = "must", source = "S", needs = alone,
	text = "A save that is ended early: the VF is still paused and can be saved again",
	run = function()
	local a = provisioned()
	a.pf:vfio(1, "stop-copy")
	sleep(1)
	a.pf:vfio_read(1, 10)
	pcall(a.pf.vfio, a.pf, 1, "stop")
	expect.eq(a:state(1), "VF_READY_PAUSED")
	a.pf:flr(1)
	a.pf:pause(1)
	expect.ok(#a.pf:save(1) > 100)
end }

scenario{ id = "M-09", level = "must", source = "S", needs = alone,
	text = "Written byte by byte, an image restores as in one piece",
	run = function()
	local s = saved()
	for _, slice in ipairs{ 1, 7, 1000 } do
		s.b.pf:start_restore(1, s.image, { slice = slice }):wait()
		expect.eq(s.b:state(1), "VF_RESFIX_PAUSED")
		s.b.pf:flr(1)
		s.b.pf:pause(1)
	end
end }

scenario{ id = "M-10", level = "should", source = "S/D", needs = alone,
	text = "After a failed save the next one succeeds, to the same image",
	run = function()
	local a = paused()
	local before = a.pf:save(1)
	local r = fault(SIZE .. "answer 0xF0000000", a)
	expect.fails("ENODATA", function() a.pf:save(1) end)
	r:remove()
	local ok, after = pcall(a.pf.save, a.pf, 1)
	expect.ok(ok, "the next save succeeds")
	-- But for the image's id, which is random, and the checksums over it.
	expect.eq(#after, #before)
	local x, y = parse(before), parse(after)
	for n = 1, #x - 1 do
		expect.eq(y[n].payload, x[n].payload, "section " .. n)
	end
end }

scenario{ id = "M-11", level = "must", source = "S", needs = alone,
	text = "Two GTs: the descriptor is first, the trailer last, each GT's sections in order",
	run = function()
	local doc = parse(saved{ gts = 2 }.image)
	expect.eq(doc[1].type, DESCRIPTOR)
	expect.eq(doc[#doc].type, TRAILER)
	local seen = {}
	for n, s in ipairs(doc) do
		expect.eq(s.seq, n - 1, "sequence")
		seen[s.type .. "/" .. s.gt] = n
	end
	for gt = 0, 1 do
		expect.ok(seen[GUC .. "/" .. gt], "state of GT " .. gt)
		expect.ok(seen[MMIO .. "/" .. gt], "mailbox of GT " .. gt)
	end
	expect.ok(seen[GGTT .. "/0"] and not seen[GGTT .. "/1"], "entries once")
end }

scenario{ id = "M-30", level = "must", source = "S", needs = { "our-pf", "our-client",
	"generation=latest" },
	text = "Markers are not in an image: DONE of a recovery begun before the save is refused",
	run = function()
	local a, b = card{}, card{}
	local v = a:vf(1)
	vmm.migrate(v, b)
	v:recovered()
	v:hold("done")
	vmm.migrate(v, a)
	v:step_until("done")
	mark()
	vmm.migrate(v, b)
	v:continue()
	v:recovered()
	expect.event{ point = "mbox-reply", action = "RESFIX_DONE", error = 0x107 }
end }

scenario{ id = "M-31", level = "must", source = "I", needs = { "our-pf" },
	text = "A VF that is saved before its recovery has ended restores, and is told again",
	run = function()
	local a, b = card{}, card{}
	local v = a:vf(1)
	vmm.migrate(v, b, { stop_at = "thaw" })
	mark()
	b.pf:pause(1)
	expect.eq(b:state(1), "VF_RESFIX_PAUSED")
	local image = b.pf:save(1)
	a.pf:flr(1)
	a.pf:pause(1)
	a.pf:restore(1, image)
	expect.eq(a:state(1), "VF_RESFIX_PAUSED")
end }

scenario{ id = "M-32", level = "should", source = "S/D", needs = alone,
	text = "An image is as long as its trailer says, to the byte",
	run = function()
	local s = saved()
	local doc = parse(s.image)
	expect.eq((string.unpack("<I8", doc[#doc].payload, 25)), #s.image)
	expect.eq(#build(doc), #s.image)
	expect.eq(build(doc), s.image, "taken apart and put together")
end }

scenario{ id = "M-33", level = "must", source = "D", needs = { "our-pf" },
	text = "An image restores wherever the range begins, and addresses that the GuC holds are right",
	run = function()
	local a, b = card{ ggtt_offset = 0 }, card{ ggtt_offset = 0 }
	local v = a:vf(1)
	for n = 0, 9 do
		vmm.migrate(v, b, { provision = { ggtt = "16M", contexts = 64,
			start = (40 + 24 * n << 20) + n * 4096 } })
		v:recovered()
		a, b = b, a
	end
	expect.clean()
end }
