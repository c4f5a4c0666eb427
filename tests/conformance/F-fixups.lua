-- SPDX-License-Identifier: MIT
-- Every place in a VF's memory that holds a GGTT address is moved with the range, and
-- nothing else is (vf-lifecycle 6.3, 5.2). The card's detector compares.
include "_recovery.lua"

-- A migration after which no word of `structure` is where it should not be. With our own
-- driver also the contrary: it leaves the fixup out, and that is found.
local function fixup(id, structure, text, options)
	scenario{ id = id, level = "must", source = "S", text = text, run = function()
		local s = stage{ card = options and options.card, vf = options and options.vf,
			load = { wide = true } }
		s:move()
		s.v:recovered()
		expect.no{ point = "finding", structure = structure }
		s:works()
		if not ours then
			return
		end
		s = stage{ card = options and options.card,
			vf = over({ skip = { structure } }, options and options.vf), load = { wide = true } }
		s:move(nil, { stop_at = "thaw" }):continue()
		await{ point = "mbox-reply", action = "RESFIX_DONE" }
		expect.finding{ structure = structure, card = s.b }
	end }
end

fixup("F-09", "memirq", "Images of contexts: the interrupt page's addresses")
fixup("F-10a", "ring-start", "Images of contexts: where the ring begins")
fixup("F-10b", "indirect-ring", "Indirect ring state: its pointer, and where the ring begins",
	{ vf = { indirect_ring = true } })
fixup("F-11", "wa-batch", "Images of contexts: the workaround batch")
fixup("F-13", "jobs", "Rings of unfinished jobs, which are emitted again")
fixup("F-18", "ccs", "Rings of compression contexts: the batch", { card = { ccs_ratio = 512 } })
fixup("F-15", "work-queue", "Work queues of parallel contexts: the context descriptors in their items")

local inside = { "our-client" }

scenario{ id = "F-08", level = "must", source = "S", needs = inside,
	text = "Images from which contexts are made: the interrupt page's addresses, for contexts made later",
	run = function()
	local s = stage()
	s:move()
	s:works()
	s.v:queue():submit():wait()
	expect.clean()
	s = stage{ vf = { skip = { "default-lrc" } } }
	s:move()
	s.v:recovered()
	s.v:queue():submit()
	sleep(50)
	expect.event{ point = "violation", card = s.b }
end }

scenario{ id = "F-06", level = "must", source = "S", needs = inside,
	text = "Messages that the GuC had not read are gone, or their addresses are the new ones",
	run = function()
	for _, skip in ipairs{ {}, { "h2g" } } do
		local s = stage{ card = { drain = false }, load = false,
			vf = #skip > 0 and { skip = skip } or nil }
		s.v:queue():submit():wait()
		local q = s.v:queue(0, "blitter")
		-- The GuC does not hear of the context's registration.
		fault("on mmio-write vf=1 do drop", s.a)
		local before = s.v:rings()
		q:submit("store", 7)
		sleep(has "in-process" and 0.1 or 20)
		local after = s.v:rings()
		expect.ne(after.h2g_tail, before.h2g_tail, "tail of H2G")
		mark()
		s:move(nil, { stop_at = "thaw" }):continue()
		await{ point = "mbox-reply", action = "RESFIX_DONE" }
		if #skip > 0 then
			-- Left there with its old address, it is found.
			expect.finding{ structure = "h2g", card = s.b }
		else
			s:works()
			expect.no{ point = "finding", structure = "h2g" }
			expect.event{ point = "h2g", action = "REGISTER_CONTEXT", vf = 1, card = s.b }
		end
	end
end }

scenario{ id = "F-30", level = "must", source = "S",
	text = "A context without a work queue is registered with zeros for it, before and after a migration",
	run = function()
	local s = stage()
	s:move()
	s:works()
	local seen = 0
	for _, e in ipairs(events{ point = "h2g", action = "REGISTER_CONTEXT", vf = 1 }) do
		for dw = 5, 9 do
			expect.eq(e.dw[dw], 0, "dword " .. dw)
		end
		seen = seen + 1
	end
	if ours then
		local q = s.v:queue()
		q:submit():wait()
		local e = await{ point = "h2g", action = "REGISTER_CONTEXT", vf = 1 }
		expect.eq({ e.dw[5], e.dw[7] }, { 0, 0 })
	end
end }

scenario{ id = "F-31", level = "must", source = "S",
	text = "The range stays where it is: no address changes, jobs end right",
	run = function()
	local s = stage{ load = { wide = true } }
	s:move(s.start)
	s:works()
	expect.no{ point = "finding" }
end }

scenario{ id = "F-32", level = "should", source = "D", needs = inside,
	text = "The fixups of one base done twice give what they give when done once",
	run = function()
	for _, structure in ipairs{ "memirq", "ring-start", "wa-batch" } do
		local s = stage{ vf = { twice = { structure } }, load = { wide = true } }
		s:move()
		s.v:recovered()
		-- A driver that adds the shift twice is found.
		expect.finding{ structure = structure, card = s.b }
	end
	local s = stage{ load = { wide = true } }
	s:move()
	s.v:recovered()
	s:back(320 * MIB)
	s:works()
end }

scenario{ id = "F-33", level = "should", source = "D", needs = inside,
	text = "Memory that holds no address of the range is as it was",
	run = function()
	local s = stage{ card = { ccs_ratio = 512 }, load = { wide = true } }
	expect.ok(s.v:keep(33) > 0)
	s:move()
	s:works()
	expect.ok(s.v:kept() > 0)
end }

scenario{ id = "F-34", level = "must", source = "S", needs = inside,
	text = "Upper halves of addresses stay 0",
	run = function()
	local s = stage{ load = { wide = true } }
	s:move(320 * MIB)
	s:works()
	s.v:queue():submit():wait()
	for _, e in ipairs(events{ point = "h2g", action = "REGISTER_CONTEXT", vf = 1 }) do
		expect.eq(e.dw[11], 0, "upper half of the context's address")
	end
end }

scenario{ id = "F-35", level = "should", source = "S/D", needs = inside,
	text = "The places that Linux 7.2 forgets: its like leaves them stale, ours moves them",
	run = function()
	local s = stage{ card = { gap_profile = true }, load = { wide = true } }
	s:move()
	s.v:recovered()
	expect.no{ point = "finding" }
	s:works()
	s = stage{ card = { gap_profile = true }, vf = { quirks = { "fixup-gaps" } },
		load = { wide = true } }
	s:move()
	s.v:recovered()
	expect.finding{ structure = "cgp", card = s.b }
end }
