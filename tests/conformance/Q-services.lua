-- SPDX-License-Identifier: MIT
-- The services that the PF offers to VFs: dispatch, HANDSHAKE and the test loop
-- (vf-lifecycle 7.2, 7.3).
include "_relay.lua"

local alone = { "our-pf" }

scenario{ id = "Q-7.2-1", level = "must", source = "S", needs = alone,
	text = "0x0001 is HANDSHAKE",
	run = function()
	expect.eq(asker():handshake(), 1 << 16)
end }

scenario{ id = "Q-7.2-2", level = "must", source = "S", needs = alone,
	text = "0x0101 is QUERY_RUNTIME, from relay version 1.0 on",
	run = function()
	local s = asker()
	s:handshake()
	expect.ok(#s:query() > 0, "registers")
end }

scenario{ id = "Q-7.2-3", level = "must", source = "S", needs = alone,
	text = "0xDEB1 is the test loop; a PF built without debugging refuses it",
	run = function()
	asker():refused({ TESTLOOP }, ECONNREFUSED)
	expect.eq(hxg.type(asker{ testloop = true }:ask{ TESTLOOP }[0]), "SUCCESS")
end }

scenario{ id = "Q-7.2-4", level = "must", source = "S", needs = alone,
	text = "Any other action is EOPNOTSUPP, whatever its DATA0",
	run = function()
	local s = asker()
	s:refused({ 0x0002 }, EOPNOTSUPP)
	s:refused({ 0x0FFF0102 }, EOPNOTSUPP)
end }

scenario{ id = "Q-7.2-5", level = "must", source = "S", needs = alone,
	text = "Services take requests only: FAST_REQUEST and EVENT are EOPNOTSUPP",
	run = function()
	local s = asker()
	s:refused({ HANDSHAKE, 1 << 16 }, EOPNOTSUPP, FAST)
	s:refused({ HANDSHAKE, 1 << 16 }, EOPNOTSUPP, EVENT)
end }

scenario{ id = "Q-7.2-6", level = "must", source = "S", needs = { "our-pf", "our-client" },
	text = "A VF serves nothing but the test loop: EOPNOTSUPP",
	run = function()
	local a = card{}
	local v = a:vf(1)
	mark()
	a.pf:send{ hxg.header("RELAY_TO_VF"), 1, 77, HANDSHAKE, 1 << 16 }
	local e = await{ point = "h2g", action = "RELAY_TO_PF", vf = 1, dw = { [1] = 77 } }
	expect.eq(hxg.type(e.dw[2]), "FAILURE")
	v:queue():submit():wait()
end }

scenario{ id = "Q-7.2-7", level = "must", source = "S", needs = alone,
	text = "Test loop NOP succeeds; as an EVENT it is silent",
	run = function()
	local s = asker{ testloop = true }
	local reply = s:ask{ TESTLOOP }
	expect.eq(reply[0] & 0xFFFFFFF, 0)
	local id = s:relay{ EVENT << 28 | TESTLOOP }
	expect.no{ point = "g2h", action = "RELAY_FROM_PF", dw = { [1] = id }, within = 1000 }
end }

local function until_success(opcode, first)
	local s = asker{ testloop = true }
	local began, replies = now(), 0
	local id = s:relay{ TESTLOOP | opcode << 16 }
	while true do
		local reply = s:answer(id, 10000)
		if hxg.type(reply[0]) == "SUCCESS" then
			break
		end
		expect.eq(hxg.type(reply[0]), first)
		replies = replies + 1
		if first == "RETRY" then
			s:relay({ TESTLOOP | opcode << 16 }, id)
		end
	end
	expect.ok(replies > 0, "answered " .. first .. " first")
	expect.ok(now() - began >= 5000, "success after 5 s, not " .. now() - began .. " ms")
end

scenario{ id = "Q-7.2-8", level = "must", source = "S", needs = alone,
	text = "Test loop BUSY: BUSY first, success once 5 s have passed",
	run = function() until_success(0xB, "BUSY") end }

scenario{ id = "Q-7.2-9", level = "must", source = "S", needs = alone,
	text = "Test loop RETRY: RETRY until 5 s have passed, then success",
	run = function() until_success(0xD, "RETRY") end }

scenario{ id = "Q-7.2-10", level = "must", source = "S", needs = alone,
	text = "Test loop ECHO gives the payload back",
	run = function()
	local s = asker{ testloop = true }
	local reply = s:ask{ TESTLOOP | 0xE << 16, 11, 22, 33 }
	expect.eq(hxg.type(reply[0]), "SUCCESS")
	expect.eq(reply[0] & 0xFFFFFFF, 4, "length of the message")
	expect.eq({ reply[1], reply[2], reply[3] }, { 11, 22, 33 })
end }

scenario{ id = "Q-7.2-11", level = "must", source = "S", needs = alone,
	text = "Test loop FAIL is EHWPOISON",
	run = function() asker{ testloop = true }:refused({ TESTLOOP | 0xF << 16 }, EHWPOISON) end }

scenario{ id = "Q-7.2-12", level = "must", source = "S", needs = alone,
	text = "Test loop: another opcode is EBADRQC",
	run = function() asker{ testloop = true }:refused({ TESTLOOP | 7 << 16 }, EBADRQC) end }

scenario{ id = "Q-7.2-13", level = "must", source = "S", needs = alone,
	text = "Test loop: BUSY, RETRY and ECHO as EVENT are EPROTO",
	run = function()
	local s = asker{ testloop = true }
	for _, opcode in ipairs{ 0xB, 0xD, 0xE } do
		s:refused({ TESTLOOP | opcode << 16 }, EPROTO, EVENT)
	end
end }

scenario{ id = "Q-7.3-1", level = "must", source = "S", needs = alone,
	text = "HANDSHAKE of another length than 2 is EMSGSIZE",
	run = function()
	local s = asker()
	s:refused({ HANDSHAKE }, EMSGSIZE)
	s:refused({ HANDSHAKE, 1 << 16, 0 }, EMSGSIZE)
end }

scenario{ id = "Q-7.3-2", level = "must", source = "S", needs = alone,
	text = "HANDSHAKE with bits that must be zero is EPFNOSUPPORT",
	run = function() asker():refused({ HANDSHAKE | 1 << 16, 1 << 16 }, EPFNOSUPPORT) end }

scenario{ id = "Q-7.3-3", level = "must", source = "S", needs = alone,
	text = "HANDSHAKE for 0.0 gives the latest version",
	run = function()
	expect.eq(asker():handshake(0), 1 << 16)
	expect.eq(asker{ relay_latest = 2 << 16 | 3 }:handshake(0), 2 << 16 | 3)
end }

scenario{ id = "Q-7.3-4", level = "must", source = "S", needs = alone,
	text = "HANDSHAKE for a newer major gives the latest version",
	run = function()
	local s = asker()
	expect.eq(s:handshake(2 << 16), 1 << 16)
	expect.eq(s:handshake(0xFFFF << 16 | 7), 1 << 16)
end }

scenario{ id = "Q-7.3-5", level = "must", source = "S", needs = alone,
	text = "HANDSHAKE for less than the base version is EPERM",
	run = function()
	local s = asker()
	s:refused({ HANDSHAKE, 1 }, EPERM)
	s:refused({ HANDSHAKE, 0xFFFF }, EPERM)
end }

scenario{ id = "Q-7.3-6", level = "must", source = "S", needs = alone,
	text = "HANDSHAKE for a major between base and latest is ENOPKG",
	run = function() asker{ relay_latest = 3 << 16 }:refused({ HANDSHAKE, 2 << 16 }, ENOPKG) end }

scenario{ id = "Q-7.3-7", level = "must", source = "S", needs = alone,
	text = "HANDSHAKE for 1.n gives 1.n, but no more than the latest minor",
	run = function()
	expect.eq(asker():handshake(1 << 16 | 9), 1 << 16)
	local s = asker{ relay_latest = 1 << 16 | 4 }
	expect.eq(s:handshake(1 << 16 | 2), 1 << 16 | 2)
	expect.eq(s:handshake(1 << 16 | 9), 1 << 16 | 4)
end }

scenario{ id = "Q-7.3-8", level = "must", source = "S", needs = alone,
	text = "What was agreed is kept for the VF on all GTs; a failed HANDSHAKE or an FLR ends it",
	run = function()
	local s = asker()
	s:refused({ QUERY_RUNTIME, 0 }, EACCES)
	s:handshake()
	s:query()
	s:refused({ HANDSHAKE, 1 }, EPERM)
	s:refused({ QUERY_RUNTIME, 0 }, EACCES)
	s:handshake()
	s.a.pf:flr(1)
	s.v:open_rings()
	s:refused({ QUERY_RUNTIME, 0 }, EACCES)
end }

-- A booting driver that gets an odd answer to its HANDSHAKE.
local function odd_answer(rule)
	return boot_with{ "on g2h vf=1 action=RELAY_FROM_PF first=1 do " .. rule }
end

scenario{ id = "Q-7.3-9", level = "must", source = "S", needs = { "our-client" },
	text = "A VF refuses an answer of another length, with bits that must be zero, or of 0.0",
	run = function()
	for _, rule in ipairs{ "truncate 1", "extend 1", "set dw2=0x00010000/0x00010000", "set dw3=0" } do
		expect.eq(odd_answer(rule):info().relay_major, 0, rule)
	end
end }

scenario{ id = "Q-7.3-10", level = "must", source = "S", needs = { "our-client" },
	text = "A VF takes any version that is not 0, and looks at it when it needs one",
	run = function()
	local _, err = odd_answer "set dw3=0x00000007"
	expect.eq(err, "ENOPKG")
	expect.no{ point = "h2g", action = "RELAY_TO_PF", where = function(e)
		return e.dw[2] & 0xFFFF == QUERY_RUNTIME
	end }
end }
