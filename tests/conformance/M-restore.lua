-- SPDX-License-Identifier: MIT
-- Restoring a VF: images that are wrong, cut or damaged, and what the GuC says to its blob
-- (vf-lifecycle 6.5, 2.9, 3.6).
include "_image.lua"

scenario{ id = "M-12", level = "must", source = "S", needs = alone,
	text = "Without a trailer a restore is not complete: resume is EBUSY, the end is an error",
	run = function()
	local s = saved()
	local doc = parse(s.image)
	expect.eq(table.remove(doc).type, TRAILER)
	local op = s.b.pf:start_restore(1, build(doc), { open = true })
	sleep(100)
	expect.fails("EBUSY", function() s.b.pf:resume(1) end)
	s.b.pf:restore_end(op)
	expect.ok(ended(op), "the restore failed")
	expect.eq(s.b:state(1), "VF_READY_PAUSED")
end }

scenario{ id = "M-13", level = "must", source = "S", needs = alone,
	text = "A trailer of another GT, with an offset, or of another size is refused",
	run = function()
	local s = saved()
	for _, field in ipairs{ "gt", "tile", "offset", "mbz" } do
		s:refuses(function(doc) doc[#doc][field] = 1 end)
	end
	s:refuses(function(doc)
		doc[#doc].own, doc[#doc].raw = true, 33
		doc[#doc].payload = doc[#doc].payload .. "\0"
	end)
	s:takes()
end }

scenario{ id = "M-14", level = "must", source = "S/D", needs = alone,
	text = "Another device or revision: ENODEV; no descriptor is refused",
	run = function()
	local s = saved()
	for _, key in ipairs{ 0xF001, 0xF002 } do
		s:refuses(function(doc)
			local d = doc[1]
			local at = d.payload:find(string.pack("<I4", key << 16 | 1), 1, true)
			d.payload = d.payload:sub(1, at + 3) .. string.char(d.payload:byte(at + 4) ~ 1) ..
				d.payload:sub(at + 5)
		end, "ENODEV")
	end
	s:refuses(function(doc) table.remove(doc, 1) end)
end }

scenario{ id = "M-15", level = "must", source = "S", needs = alone,
	text = "A descriptor with a KLV that is cut, or of no whole dwords, is refused",
	run = function()
	local s = saved()
	for _, cut in ipairs{ 1, 2, 4 } do
		s:refuses(function(doc)
			doc[1].payload = doc[1].payload:sub(1, #doc[1].payload - cut)
			doc[1].raw = #doc[1].payload
		end)
	end
end }

scenario{ id = "M-16", level = "should", source = "S/D", needs = alone,
	text = "Unknown keys and sections are skipped unless they are critical",
	run = function()
	local s = saved()
	local function with_key(key)
		return function(doc)
			doc[1].payload = doc[1].payload .. string.pack("<I4I4", key << 16 | 1, 7)
			doc[1].raw = #doc[1].payload
		end
	end
	s:refuses(with_key(0xF0FE))
	local doc = parse(s.image)
	with_key(0x0777)(doc)
	s:takes(build(doc))
	local function with_section(flags)
		return function(d)
			table.insert(d, #d, { type = 99, tile = 0, gt = 0, flags = flags, mbz = 0, offset = 0,
				raw = 4, payload = "what" })
		end
	end
	s:refuses(with_section(1))
	doc = parse(s.image)
	with_section(0)(doc)
	s:takes(build(doc))
end }

scenario{ id = "M-17", level = "must", source = "S/D", needs = alone,
	text = "Another version of the format is refused, and no more is taken",
	run = function()
	saved():refuses(function(doc)
		doc.head = doc.head:sub(1, 8) .. "\2\0" .. doc.head:sub(11)
	end)
end }

scenario{ id = "M-18", level = "must", source = "S", needs = alone,
	text = "Sections of a GT or tile that there is not, or of type 0, are refused",
	run = function()
	local s = saved()
	s:refuses(function(doc) section(doc, MMIO).gt = 9 end)
	s:refuses(function(doc) section(doc, MMIO).tile = 1 end)
	s:refuses(function(doc) section(doc, MMIO).type = 0 end)
end }

scenario{ id = "M-19", level = "must", source = "S", needs = alone,
	text = "GGTT entries that are one more or fewer than the region's are refused",
	run = function()
	local s = saved()
	for _, by in ipairs{ 8, -8 } do
		s:refuses(function(doc)
			local g = section(doc, GGTT)
			g.raw = g.raw + by
		end)
	end
end }

scenario{ id = "M-20", level = "must", source = "S", needs = alone,
	text = "A mailbox of fewer or more registers is refused",
	run = function()
	local s = saved()
	s:refuses(function(doc)
		local m = section(doc, MMIO)
		m.payload = m.payload:sub(1, #m.payload - 4)
		m.raw = #m.payload
	end)
	s:refuses(function(doc)
		local m = section(doc, MMIO)
		m.payload = m.payload .. "\0\0\0\0"
		m.raw = #m.payload
	end)
end }

scenario{ id = "M-21", level = "must", source = "S", needs = alone,
	text = "Local memory beyond the VF's share, or at an offset that overflows, is refused",
	run = function()
	local s = { a = card{ lmem = "64M" }, b = card{ lmem = "64M" } }
	for _, c in ipairs{ s.a, s.b } do
		c.pf:provision(1, { ggtt = "8M", contexts = 8, lmem = "4M" })
		c.pf:pause(1)
	end
	s.a:lmem(1, 0, string.rep("data", 1024))
	local bytes = s.a.pf:save(1)
	for _, offset in ipairs{ 4 << 20, 0x7FFFFFFFFFFFF000 } do
		local doc = parse(bytes)
		section(doc, VRAM).offset = offset
		expect.fails(nil, function() s.b.pf:restore(1, build(doc)) end)
		expect.eq(s.b:state(1), "VF_READY_PAUSED")
		s.b.pf:flr(1)
		s.b.pf:pause(1)
	end
	s.b.pf:restore(1, bytes)
	expect.eq(s.b:lmem(1, 0, 8), "datadata")
end }

scenario{ id = "M-22", level = "must", source = "S/D", needs = alone,
	text = "The GuC refuses its blob: EIO, the VF is as it was, and can be restored again",
	run = function()
	local s = saved()
	local r = fault("on h2g pf action=SAVE_RESTORE_VF first=1 do failure 0x71", s.b)
	expect.fails("EIO", function() s.b.pf:restore(1, s.image) end)
	expect.eq(r:fired(), 1)
	expect.eq(s.b:state(1), "VF_READY_PAUSED")
	s.b.pf:flr(1)
	s.b.pf:pause(1)
	s:takes()
end }

scenario{ id = "M-23", level = "must", source = "S", needs = alone,
	text = "The GuC says that it took nothing of its blob: ENODATA; more than there is: EPROTO",
	run = function()
	for _, c in ipairs{ { "0", "ENODATA" }, { "0xFFFFFFF", "EPROTO" } } do
		local s = saved()
		fault("on g2h pf type=response action=SAVE_RESTORE_VF first=1 do data0 " .. c[1], s.b)
		expect.fails(c[2], function() s.b.pf:restore(1, s.image) end)
	end
end }

scenario{ id = "M-24", level = "should", source = "S/D", needs = alone,
	text = "A section that comes twice is refused",
	run = function()
	local s = saved()
	for _, type_ in ipairs{ GUC, GGTT, MMIO, DESCRIPTOR } do
		s:refuses(function(doc)
			local what, n = section(doc, type_)
			table.insert(doc, n + 1, what)
		end)
	end
end }

scenario{ id = "M-25", level = "should", source = "D", needs = alone,
	text = "A bit that is wrong anywhere is found before anything is applied",
	run = function()
	local s = saved()
	for n = 0, #s.image - 1, 1 + #s.image // 400 do
		local bad = image.flip(s.image, n, random(8))
		expect.fails(nil, function() s.b.pf:restore(1, bad) end)
		expect.eq(s.b:state(1), "VF_READY_PAUSED", "after byte " .. n)
	end
	s:takes()
end }

scenario{ id = "M-26", level = "should", source = "D", needs = alone,
	text = "An image that ends too early is an error at its end, wherever it does",
	run = function()
	local s = saved()
	for n = 0, #s.image - 1, 1 + #s.image // 200 do
		expect.fails(nil, function() s.b.pf:restore(1, image.cut(s.image, n)) end)
		expect.eq(s.b:state(1), "VF_READY_PAUSED", "after " .. n .. " bytes")
	end
	s:takes()
end }

scenario{ id = "M-27", level = "should", source = "D", needs = alone,
	text = "Giant sizes are refused before anything is allocated",
	run = function()
	local s = saved()
	for _, type_ in ipairs{ GUC, GGTT, MMIO, DESCRIPTOR } do
		s:refuses(function(doc) section(doc, type_).raw = 0xFFFFFFFF end)
		s:refuses(function(doc) section(doc, type_).lie_stored = 0xFFFFFFFF end)
	end
end }

scenario{ id = "M-28", level = "should", source = "D", needs = alone,
	text = "What comes after the trailer is refused",
	run = function()
	local s = saved()
	s:refuses(function() return s.image .. "x" end)
	s:refuses(function() return s.image .. s.image end)
end }

scenario{ id = "M-29", level = "should", source = "D", needs = alone,
	text = "An image of another configuration, or of an ABI that is not spoken here, is refused",
	run = function()
	local s = saved()
	local other = card{}
	other.pf:provision(1, { ggtt = "16M", contexts = 8 })
	other.pf:pause(1)
	expect.fails(nil, function() other.pf:restore(1, s.image) end)
	expect.eq(other:state(1), "VF_READY_PAUSED")
	local contexts = card{}
	contexts.pf:provision(1, { ggtt = "8M", contexts = 16 })
	contexts.pf:pause(1)
	expect.fails(nil, function() contexts.pf:restore(1, s.image) end)
	expect.eq(contexts:state(1), "VF_READY_PAUSED")
end }
