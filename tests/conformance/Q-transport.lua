-- SPDX-License-Identifier: MIT
-- How relay messages travel between VF, GuC and PF, and what either end makes of odd ones
-- (vf-lifecycle 7.1).
include "_relay.lua"

local alone = { "our-pf" }
local inside = { "our-client" }

-- A card with a booted driver, and a relay request of it that a rule disturbs. What the
-- request ends with: an errno's name, or nil.
local function request(rule, options)
	local a = card(options or { testloop = true, disclose = true })
	local v = a:vf(1)
	local r = rule and fault(rule, a)
	mark()
	local ok, why = pcall(v.relay, v, { TESTLOOP })
	if r then
		expect.ok(r:fired() > 0, "the rule fired")
	end
	return not ok and why.errno or nil, v, a
end
local ON_SEND = "on h2g vf=1 action=RELAY_TO_PF first=1 do "
local ON_ANSWER = "on g2h vf=1 action=RELAY_FROM_PF first=1 do "

scenario{ id = "Q-7.1-1", level = "must", source = "S", needs = inside,
	text = "The GuC rejects the carrier: the request ends with that error",
	run = function() expect.eq(request(ON_SEND .. "failure 0x60"), "EIO") end }

scenario{ id = "Q-7.1-2", level = "must", source = "S", needs = inside,
	text = "The carrier succeeds with DATA0 above 0: EPROTO",
	run = function() expect.eq(request(ON_SEND .. "answer 0xF0000001"), "EPROTO") end }

scenario{ id = "Q-7.1-3", level = "must", source = "S", needs = inside,
	text = "No answer for 2.5 s: ETIME",
	run = function()
	local began = now()
	expect.eq(request(ON_ANSWER .. "drop"), "ETIME")
	local took = now() - began
	-- Other processes are late when the machine is busy.
	expect.ok(took >= 2500 and (took < 2700 or not has "in-process"), "after " .. took .. " ms")
end }

scenario{ id = "Q-7.1-4", level = "must", source = "S", needs = inside,
	text = "BUSY: another 2.5 s are waited each time",
	run = function()
	local a = card{ testloop = true }
	local v = a:vf(1)
	local began = now()
	v:relay{ TESTLOOP | 0xB << 16 }
	expect.ok(now() - began >= 5000)
end }

scenario{ id = "Q-7.1-5", level = "must", source = "S", needs = inside,
	text = "RETRY: the same message with the same id is sent again",
	run = function()
	local a = card{ testloop = true }
	local v = a:vf(1)
	mark()
	v:relay{ TESTLOOP | 0xD << 16 }
	local sent = events{ point = "h2g", action = "RELAY_TO_PF", vf = 1 }
	expect.ok(#sent > 1, "sent again")
	for _, e in ipairs(sent) do
		expect.eq(e.dw[1], sent[1].dw[1], "RELAY_ID")
		expect.eq(e.dw[2], sent[1].dw[2], "the message")
	end
end }

scenario{ id = "Q-7.1-6", level = "must", source = "S", needs = inside,
	text = "A successful request gives the answer's dwords",
	run = function()
	local a = card{ testloop = true }
	local v = a:vf(1)
	local answer = v:relay{ TESTLOOP | 0xE << 16, 5, 6 }
	expect.eq({ answer[2], answer[3] }, { 5, 6 })
	expect.eq(#answer, 3)
end }

scenario{ id = "Q-7.1-7", level = "must", source = "S", needs = inside,
	text = "A refusal gives its errno",
	run = function()
	local a = card{ disclose = true }
	local v = a:vf(1)
	expect.fails("EOPNOTSUPP", function() v:relay{ 0x0999 } end)
	expect.fails("ECONNREFUSED", function() v:relay{ TESTLOOP } end)
end }

scenario{ id = "Q-7.1-8", level = "must", source = "S", needs = inside,
	text = "A refusal without a reason is EREMOTEIO",
	run = function()
	local a = card{}
	local v = a:vf(1)
	expect.fails("EREMOTEIO", function() v:relay{ 0x0999 } end)
end }

scenario{ id = "Q-7.1-9", level = "must", source = "S", needs = inside,
	text = "Before the relay is up a request is ENODEV",
	run = function()
	local a = card{}
	local v = a:vf(1, { boot = false })
	expect.fails("ENODEV", function() v:relay{ HANDSHAKE, 1 << 16 } end)
end }

scenario{ id = "Q-7.1-10", level = "must", source = "S", needs = alone,
	text = "Carriers of the other role are not taken: no VF's driver answers one of the PF's",
	run = function()
	local s = asker()
	expect.fails("EIO", function()
		s.v:send{ hxg.header("RELAY_TO_VF"), 1, 5, HANDSHAKE, 1 << 16 }
	end)
end }

scenario{ id = "Q-7.1-11", level = "must", source = "S", needs = { "our-pf", "our-client" },
	text = "What comes before the relay is up is not served",
	run = function()
	for _, up in ipairs{ false, true } do
		local a = card{}
		local v = a:vf(1, { relay = up, testloop = true })
		mark()
		a.pf:send{ hxg.header("RELAY_TO_VF"), 1, 77, TESTLOOP }
		await{ point = "g2h", action = "RELAY_FROM_PF", vf = 1, dw = { [1] = 77 } }
		sleep(200)
		local answers = events{ point = "h2g", action = "RELAY_TO_PF", vf = 1 }
		expect.eq(#answers, up and 1 or 0, "answers")
		expect.eq(v:rings().bad_events, up and 0 or 1, "events that were refused")
		if up then
			expect.eq({ answers[1].dw[1], hxg.type(answers[1].dw[2]) }, { 77, "SUCCESS" })
		else
			expect.fails("ENODEV", function() v:relay{ HANDSHAKE, 1 << 16 } end)
		end
		v:queue():submit():wait()
	end
end }

-- A message of the VF that GuC or the PF does not pass on, and the next, which is served.
local function not_served(rule)
	local s = asker()
	local r = fault(rule, s.a)
	s:relay({ HANDSHAKE, 1 << 16 })
	expect.no{ point = "g2h", action = "RELAY_FROM_PF", within = 200 }
	expect.eq(r:fired(), 1)
	expect.eq(s:handshake(), 1 << 16)
end
local ON_ARRIVAL = "on g2h pf action=RELAY_FROM_VF first=1 do "

scenario{ id = "Q-7.1-12", level = "must", source = "S", needs = alone,
	text = "A carrier that is too short is dropped, and the channel lives",
	run = function() not_served(ON_ARRIVAL .. "truncate 3") end }

scenario{ id = "Q-7.1-13", level = "must", source = "S", needs = alone,
	text = "A relay message of 252 dwords is forwarded, one of 253 is refused",
	run = function()
	local s = asker{ testloop = true }
	local dw = { TESTLOOP | 0xE << 16 }
	for n = 2, 252 do
		dw[n] = n
	end
	local reply = s:ask(dw)
	expect.eq(hxg.type(reply[0]), "SUCCESS")
	expect.eq(reply[251], 252)
	dw[253] = 253
	expect.fails(nil, function() s:relay(dw) end)
	expect.eq(s:handshake(), 1 << 16)
end }

scenario{ id = "Q-7.1-14", level = "must", source = "S", needs = alone,
	text = "A carrier with bits that must be zero is dropped, and the channel lives",
	run = function() not_served(ON_ARRIVAL .. "data0 1") end }

scenario{ id = "Q-7.1-15", level = "must", source = "S", needs = alone,
	text = "A carrier of a VF that there is not is dropped, and the channel lives",
	run = function() not_served(ON_ARRIVAL .. "set dw1=63") end }

scenario{ id = "Q-7.1-16", level = "must", source = "S", needs = alone,
	text = "An empty relay message is dropped, and the channel lives",
	run = function() not_served(ON_ARRIVAL .. "truncate 2") end }

scenario{ id = "Q-7.1-17", level = "must", source = "S", needs = alone,
	text = "A relay message whose ORIGIN is not the host is dropped, and the channel lives",
	run = function() not_served(ON_ARRIVAL .. "set dw3=0x80000000/0x80000000") end }

scenario{ id = "Q-7.1-18", level = "must", source = "S", needs = alone,
	text = "A relay message of an unknown type is not served",
	run = function()
	local s = asker()
	local id = s:relay{ 4 << 28 | HANDSHAKE, 1 << 16 }
	expect.no{ point = "g2h", action = "RELAY_FROM_PF", type = "SUCCESS", dw = { [1] = id },
		within = 200 }
	expect.eq(s:handshake(), 1 << 16)
end }

scenario{ id = "Q-7.1-19", level = "must", source = "S", needs = alone,
	text = "An answer that nobody waits for is dropped, and the channel lives",
	run = function()
	local s = asker()
	s:relay{ 7 << 28 }
	expect.no{ point = "g2h", action = "RELAY_FROM_PF", within = 200 }
	expect.eq(s:handshake(), 1 << 16)
end }

scenario{ id = "Q-7.1-20", level = "must", source = "S", needs = alone,
	text = "Requests are served in the order in which they came",
	run = function()
	local s = asker{ testloop = true }
	local first = s:relay{ TESTLOOP | 0xE << 16, 1 }
	local second = s:relay{ TESTLOOP | 0xE << 16, 2 }
	expect.eq(s:answer(first)[1], 1)
	expect.eq(s:answer(second)[1], 2)
	expect.order{
		{ point = "g2h", action = "RELAY_FROM_PF", dw = { [1] = first } },
		{ point = "g2h", action = "RELAY_FROM_PF", dw = { [1] = second } },
	}
end }

scenario{ id = "Q-7.1-21", level = "must", source = "S", needs = alone,
	text = "VF to PF: 0x5103, answered by the GuC with DATA0 0, reaches the PF as 0x5100",
	run = function()
	local s = asker()
	s:handshake()
	local sent = expect.event{ point = "h2g", action = "RELAY_TO_PF", vf = 1 }
	local carrier = expect.event{ point = "g2h", action = "RELAY_FROM_VF", fn = 0 }
	expect.event{ point = "g2h", vf = 1, type = "SUCCESS", dw = { [0] = 0xF0000000 } }
	expect.eq(carrier.dw[1], 1, "VFID")
	expect.eq(carrier.dw[2], sent.dw[1], "RELAY_ID")
	expect.eq({ carrier.dw[3], carrier.dw[4] }, { sent.dw[2], sent.dw[3] }, "the message")
end }

scenario{ id = "Q-7.1-22", level = "must", source = "S", needs = alone,
	text = "PF to VF: 0x5101, as a request or a fast request, reaches the VF as 0x5102",
	run = function()
	local s = asker()
	for n, how in ipairs{ "REQUEST", "FAST_REQUEST" } do
		s.a.pf:send({ hxg.header("RELAY_TO_VF"), 1, 70 + n, TESTLOOP }, { type = how })
		local e = await{ point = "g2h", action = "RELAY_FROM_PF", vf = 1 }
		expect.eq({ e.dw[1], e.dw[2], e.len }, { 70 + n, TESTLOOP, 3 })
	end
end }

scenario{ id = "Q-7.1-23", level = "must", source = "S",
	text = "Relay messages of both sides have ORIGIN host",
	run = function()
	local a = card{}
	a:vf(1)
	for _, e in ipairs(events{ point = "g2h", action = "RELAY_FROM_PF", vf = 1 }) do
		expect.eq(e.dw[2] >> 31, 0, "ORIGIN of the PF's message")
	end
	for _, e in ipairs(events{ point = "h2g", action = "RELAY_TO_PF", vf = 1 }) do
		expect.eq(e.dw[2] >> 31, 0, "ORIGIN of the VF's message")
	end
	expect.event{ point = "h2g", action = "RELAY_TO_PF", vf = 1 }
end }

scenario{ id = "Q-7.1-24", level = "must", source = "S",
	text = "RELAY_ID counts from 1, and comes back with the answer",
	run = function()
	local a = card{}
	a:vf(1)
	local sent = events{ point = "h2g", action = "RELAY_TO_PF", vf = 1, gt = 0 }
	local answers = events{ point = "g2h", action = "RELAY_FROM_PF", vf = 1, gt = 0 }
	expect.eq(#sent, #answers)
	for n, e in ipairs(sent) do
		expect.eq(e.dw[1], n, "RELAY_ID of a request")
		expect.eq(answers[n].dw[1], n, "RELAY_ID of its answer")
	end
end }

scenario{ id = "Q-7.1-25", level = "must", source = "S/D", needs = alone,
	text = "A relay message to a VF that does not run is an error to the sender",
	run = function()
	local a = card{ vfs = 2 }
	a:vf(1)
	a.pf:provision(2, { ggtt = "8M", contexts = 8 })
	expect.fails("EIO", function()
		a.pf:send{ hxg.header("RELAY_TO_VF"), 2, 1, TESTLOOP }
	end)
end }

scenario{ id = "Q-7.1-26", level = "must", source = "S", needs = alone,
	text = "A refusal has errno and hint with debugging, and 0 and 0 without",
	run = function()
	asker{ disclose = true }:refused({ 0x0999 }, EOPNOTSUPP)
	asker{ disclose = false }:refused({ 0x0999 }, 0)
end }

scenario{ id = "Q-7.1-27", level = "must", source = "S", needs = alone,
	text = "An EVENT or FAST_REQUEST that fails is answered with a FAILURE",
	run = function()
	local s = asker()
	s:refused({ 0x0999 }, EOPNOTSUPP, EVENT)
	s:refused({ 0x0999 }, EOPNOTSUPP, FAST)
end }
