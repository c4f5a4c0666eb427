-- SPDX-License-Identifier: MIT
-- One migration of a working VF: where its range goes (vf-lifecycle 6.1).
include "_recovery.lua"

local function moves(from, to)
	local s = stage{ start = from }
	s:move(to)
	s:works()
end

scenario{ id = "R-01", level = "must", source = "S", needs = { "generation=latest" },
	text = "After a migration to the same base the driver sends START, asks, and sends DONE",
	run = function()
	local s = stage()
	s:move(s.start)
	s:works()
	expect.order{
		{ point = "mbox-request", dw = { [0] = 0x0001550F } },
		{ point = "mbox-request", action = "QUERY_SINGLE_KLV" },
		{ point = "mbox-request", dw = { [0] = 0x00015508 } },
	}
end }

scenario{ id = "R-02", level = "must", source = "S",
	text = "The range moves up by 256 MiB: every address is in the new range, jobs end right",
	run = function() moves(64 * MIB, 320 * MIB) end }

scenario{ id = "R-03", level = "must", source = "S",
	text = "The range moves down, also to the lowest place there is",
	run = function()
	moves(320 * MIB, 96 * MIB)
end }
