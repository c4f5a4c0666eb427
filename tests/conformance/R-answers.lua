-- SPDX-License-Identifier: MIT
-- The GuC answers something else, nothing, or too late (vf-lifecycle 6.1, 4.7).
include "_recovery.lua"

-- Somebody else's driver need not ask for all that Linux's asks for.
local function is_asked(rule)
	for _ = 1, has "our-client" and 0 or 100 do
		if rule:fired() > 0 then
			return true
		end
		sleep(20)
	end
	return has "our-client"
end

-- Cases of one shape: recoveries in which a fault rule decides, each rule in a case of its
-- own, with the errno that wedges the driver, or nil when it recovers. `check`: what to
-- look at when it has given up.
local function odd(id, text, level, source, generation, rules, check)
	scenario{ id = id, level = level, source = source, text = text,
		needs = generation and { "generation=" .. generation } or {},
		run = function()
			for _, rule in ipairs(rules) do
				local s = stage()
				local r = s:odd(rule[1])
				s:move()
				if not is_asked(r) then
					skip("the driver does not ask: " .. rule[1])
				end
				if rule[2] then
					s:wedged(rule[2], check)
				else
					s:works()
				end
				expect.ok(r:fired() > 0, "the rule fired: " .. rule[1])
			end
		end }
end

local function query(key, what)
	return "on mbox-request vf=1 action=QUERY_SINGLE_KLV key=" .. key .. " first=1 do " .. what
end
local function reply(key, what)
	return "on mbox-reply vf=1 action=QUERY_SINGLE_KLV key=" .. key .. " first=1 do " .. what
end
local function at(action, what)
	return "on mbox-request vf=1 action=" .. action .. " " .. what
end

odd("R-18", "0x107 at START: a client that asks again later recovers", "should", "S/D", "latest",
	{ { at("RESFIX_START", "first=1 do failure 0x107") } })
odd("R-19", "0x107 at a query: a client that begins anew recovers", "should", "S", "latest",
	{ { query("0x0004", "failure 0x107") } })
odd("R-20", "START fails: the driver gives up", "must", "S", "latest",
	{ { at("RESFIX_START", "first=1 do failure 0x60"), "ENXIO" } })
odd("R-21", "DONE fails: the driver gives up", "must", "S", "latest",
	{ { at("RESFIX_DONE", "first=1 do failure 0x60"), "ENXIO" } })
odd("R-22", "No answer to START, a query or DONE: the driver gives up after 50 ms", "must", "S",
	"latest", {
		{ at("RESFIX_START", "do drop"), "ETIMEDOUT" },
		{ query("0x0004", "drop"), "ETIMEDOUT" },
		{ at("RESFIX_DONE", "do drop"), "ETIMEDOUT" },
	}, function()
		local asked = events{ point = "mbox-request", vf = 1 }
		if ours then
			local ended = expect.event{ point = "vf-state", text = "wedged" }
			local took = (ended.time - asked[#asked].time) / 1e6
			expect.ok(took >= 50 and took < 60, "given up after " .. took .. " ms")
		end
	end)
odd("R-23", "BUSY at DONE: 1.5 s are waited for, 3 s are not", "must", "S", "latest", {
	{ at("RESFIX_DONE", "first=1 do busy 1500ms") },
	{ at("RESFIX_DONE", "first=1 do busy 3s"), "ETIMEDOUT" },
})
odd("R-26", "START or DONE succeeds with DATA0 1: the driver gives up", "must", "S", "latest", {
	{ "on mbox-reply vf=1 action=RESFIX_START first=1 do data0 1", "EPROTO" },
	{ "on mbox-reply vf=1 action=RESFIX_DONE first=1 do data0 1", "EPROTO" },
})
odd("R-27", "The GGTT's size is another one after the migration: the driver gives up", "must",
	"S", nil, {
		{ reply("0x0002", "set dw1=0x2000000"), "EREMCHG" },
		{ reply("0x0002", "set dw1=0x800000"), "EREMCHG" },
	})
odd("R-28", "The GGTT's size is 0 after the migration: the driver gives up", "must", "S", nil,
	{ { reply("0x0002", "set dw1=0"), "ENODATA" } })
odd("R-30", "The number of contexts is another one, or 0: the driver gives up", "must", "S", nil, {
	{ reply("0x0004", "set dw1=65"), "EREMCHG" },
	{ reply("0x0004", "set dw1=0"), "EREMCHG" },
})
odd("R-32", "Scheduling groups: 2 is nonsense, from 0 to 1 is accepted", "must", "S", "latest", {
	{ reply("0x3001", "set dw1=2"), "EPROTO" },
	{ reply("0x3001", "set dw1=1") },
})
odd("R-33", "KLVs that are too short, too long, or with bits that must be zero are refused", "must",
	"S", nil, {
		{ reply("0x0001", "klv-length 1"), "ENODATA" },
		{ reply("0x0001", "klv-length 3"), "EOVERFLOW" },
		{ reply("0x0001", "set dw0=0x00100000/0x00100000"), "EPROTO" },
	})
odd("R-34", "A failing query of the GMD id is of no matter", "must", "S", nil,
	{ { query("0x3000", "failure 0x105") } })
odd("R-35", "A range that begins below WOPCM or ends above the GGTT's end is refused", "should",
	"S/D", nil, {
		{ reply("0x0001", "set dw1=0x100000"), "ERANGE" },
		{ reply("0x0001", "set dw1=0xFE000000"), "ERANGE" },
	})

scenario{ id = "R-24", level = "must", source = "S", needs = { "generation=latest" },
	text = "RETRY: START is sent again, after 1, 2, 4, 8 and 16 ms",
	run = function()
	local s = stage()
	s:odd("on mbox-request vf=1 action=RESFIX_START first=5 do retry")
	s:move()
	s:works()
	local starts = events(START)
	expect.eq(#starts, 6)
	for n = 2, 6 do
		local gap = (starts[n].time - starts[n - 1].time) / 1e6
		expect.ok(gap >= 1 << n - 2, "retry " .. n - 1 .. " after " .. gap .. " ms")
		expect.eq(starts[n].dw[0], starts[1].dw[0], "the same marker")
	end
end }

scenario{ id = "R-25", level = "must", source = "S", needs = { "generation=latest" },
	text = "The mailbox reads 0: START is sent again twice, 256 ms apart, then the driver gives up",
	run = function()
	local s = stage()
	s:odd("on mbox-request vf=1 action=RESFIX_START do answer 0")
	s:move()
	s:wedged("ENOLINK", function()
		local starts = events(START)
		expect.eq(#starts, 3)
		for n = 2, 3 do
			local gap = (starts[n].time - starts[n - 1].time) / 1e6
			expect.ok(gap >= 256, "sent again after " .. gap .. " ms")
		end
	end)
end }

scenario{ id = "R-29", level = "must", source = "S",
	text = "Local memory of another size, or of none, after the migration: the driver gives up",
	run = function()
	for _, size in ipairs{ "0x1000000", "0" } do
		local s = stage{ card = { lmem = "64M" }, vf = { provision = { ggtt = "16M", contexts = 64,
			lmem = "8M" } } }
		local r = s:odd(reply("0x0003", "set dw1=" .. size))
		s:move(nil, { provision = { ggtt = "16M", contexts = 64, lmem = "8M" } })
		if not is_asked(r) then
			skip("the driver does not ask for its local memory")
		end
		s:wedged("EREMCHG")
	end
end }

scenario{ id = "R-31", level = "must", source = "S",
	text = "Doorbells: another number is refused, from none to 8 is accepted, from 8 to none is not",
	run = function()
	for _, c in ipairs{ { 8, 16, "EREMCHG" }, { 0xFFFFFFFF, 8 }, { 8, 0, "EREMCHG" } } do
		local s = stage{ vf = { provision = { ggtt = "16M", contexts = 64, doorbells = c[1] } } }
		s:odd(reply("0x0006", "set dw1=" .. c[2]))
		s:move(nil, { provision = { ggtt = "16M", contexts = 64, doorbells = c[1] } })
		if c[3] then
			s:wedged(c[3])
		else
			s:works()
		end
	end
end }

scenario{ id = "R-36", level = "should", source = "S/D", needs = { "generation=latest" },
	text = "The two GuCs of a tile say different starts: the driver gives up",
	run = function()
	local s = stage{ card = { gts = 2 } }
	-- Always, or a reset of that GT would find out.
	s:odd("on mbox-reply vf=1 gt=1 action=QUERY_SINGLE_KLV key=0x0001 do set dw1=0x20000000")
	s:move()
	s:wedged("EPROTO")
end }
