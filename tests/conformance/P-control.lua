-- SPDX-License-Identifier: MIT
-- The PF pauses, resumes and stops VFs, and the GuC does not always do as it should
-- (vf-lifecycle 6.4, 2.5 to 2.7).
include "_pf.lua"

scenario{ id = "P-01", level = "must", source = "S",
	text = "PAUSE_DONE and FLR_DONE may come before the reply to the command",
	run = function()
	local a = provisioned()
	fault("on g2h pf type=response do delay 5ms", a)
	local began = now()
	a.pf:pause(1)
	expect.ok(now() - began >= 5, "the reply was waited for")
	expect.eq(a.pf:info(1).state[0], "paused")
	a.pf:flr(1)
	expect.eq(a.pf:info(1).state[0], "ready")
	expect.eq(a.pf:info(1).mismatch, false)
end }

scenario{ id = "P-02", level = "must", source = "S",
	text = "PAUSE_DONE does not come: ETIMEDOUT after 1 s, and another pause is EALREADY",
	run = function()
	local a = provisioned()
	fault("on g2h pf action=VF_STATE_NOTIFY dw2=3 first=1 do drop", a)
	local began = now()
	expect.fails("ETIMEDOUT", function() a.pf:pause(1) end)
	expect.ok(now() - began >= 1000)
	expect.eq(a.pf:info(1).state[0], "pausing")
	expect.fails("EALREADY", function() a.pf:pause(1) end)
end }

scenario{ id = "P-03", level = "should", source = "S/D",
	text = "PAUSE_DONE comes after the caller has gone: the VF runs again, and can be paused",
	run = function()
	local a = provisioned()
	fault("on g2h pf action=VF_STATE_NOTIFY dw2=3 first=1 do delay 1500ms", a)
	expect.fails("ETIMEDOUT", function() a.pf:pause(1) end)
	sleep(1000)
	expect.eq(a.pf:info(1).state[0], "resumed")
	a.pf:pause(1)
	a.pf:resume(1)
end }

scenario{ id = "P-04", level = "must", source = "S",
	text = "A PAUSE_DONE that nobody waits for is a mismatch and nothing else; the next success clears it",
	run = function()
	local a = provisioned{ vfs = 2 }
	a.pf:provision(2, { ggtt = "8M", contexts = 8 })
	a.pf:pause(1)
	-- What VF 2's pause brings is said to be VF 1's.
	fault("on g2h pf action=VF_STATE_NOTIFY dw2=3 first=1 do set dw1=1", a)
	expect.fails("ETIMEDOUT", function() a.pf:pause(2) end)
	expect.eq(a.pf:info(1).mismatch, true)
	expect.eq(a.pf:info(1).state[0], "paused")
	a.pf:resume(1)
	expect.eq(a.pf:info(1).mismatch, false)
end }

scenario{ id = "P-05", level = "must", source = "S",
	text = "A rejected PAUSE is EIO, failed and a mismatch; it may be tried again",
	run = function()
	local a = provisioned()
	fault("on h2g pf action=VF_CONTROL dw2=1 first=1 do failure 0x0A", a)
	expect.fails("EIO", function() a.pf:pause(1) end)
	expect.eq(a.pf:info(1).mismatch, true)
	expect.eq(a.pf:info(1).failed, true)
	a.pf:pause(1)
	expect.eq(a.pf:info(1).mismatch, false)
end }

scenario{ id = "P-06", level = "must", source = "S",
	text = "PAUSE succeeds with DATA0 1: EIO to the caller, failed, no mismatch",
	run = function()
	local a = provisioned()
	fault("on h2g pf action=VF_CONTROL dw2=1 first=1 do answer 0xF0000001", a)
	expect.fails("EIO", function() a.pf:pause(1) end)
	expect.eq(a.pf:info(1).failed, true)
	expect.eq(a.pf:info(1).mismatch, false)
end }

scenario{ id = "P-07", level = "must", source = "S",
	text = "A paused VF can't be paused (ESTALE), a stopped one neither (EPERM)",
	run = function()
	local a = provisioned()
	a.pf:pause(1)
	mark()
	expect.fails("ESTALE", function() a.pf:pause(1) end)
	a.pf:stop(1)
	expect.fails("EPERM", function() a.pf:pause(1) end)
	expect.no{ point = "h2g", action = "VF_CONTROL", dw = { [2] = 1 } }
end }

scenario{ id = "P-08", level = "must", source = "S",
	text = "A VF that is not paused can't be resumed (EPERM), nor one that is being saved (EBUSY)",
	run = function()
	local a = provisioned()
	expect.fails("EPERM", function() a.pf:resume(1) end)
	a.pf:pause(1)
	a.pf:start_save(1)
	expect.fails("EBUSY", function() a.pf:resume(1) end)
end }

scenario{ id = "P-09", level = "must", source = "S",
	text = "A stopped VF can't be stopped (ESTALE) nor resumed (EPERM); an FLR gets it out",
	run = function()
	local a = provisioned()
	a.pf:stop(1)
	expect.fails("ESTALE", function() a.pf:stop(1) end)
	expect.fails("EPERM", function() a.pf:resume(1) end)
	a.pf:flr(1)
	expect.eq(a:state(1), "VF_READY")
end }

scenario{ id = "P-24", level = "must", source = "S", needs = alone,
	text = "A GT reset under the PF gives each VF its configuration anew; what was under way is ECANCELED",
	run = function()
	local a = provisioned()
	local before = a:info(1)
	a.pf:pause(1)
	local op = a.pf:start_save(1)
	a.pf:reset()
	expect.eq(ended(op), "ECANCELED")
	expect.eq(a.pf:info(1).state[0], "ready")
	local after = a:info(1)
	for _, field in ipairs{ "ggtt_start", "ggtt_size", "contexts", "doorbells" } do
		expect.eq(after[field], before[field], field)
	end
end }

scenario{ id = "P-25", level = "must", source = "S",
	text = "The GuC applies fewer KLVs than were sent: ENOKEY; more: EPROTO",
	run = function()
	for _, c in ipairs{ { 0, "ENOKEY" }, { 99, "EPROTO" } } do
		local a = card{}
		fault(string.format("on h2g pf action=UPDATE_VF_CFG first=1 do answer 0x%08x",
			0xF0000000 + c[1]), a)
		expect.fails(c[2], function() a.pf:provision(1, { ggtt = "8M", contexts = 8 }) end)
		expect.eq(a:state(1), "UNPROVISIONED")
	end
end }

scenario{ id = "P-26", level = "must", source = "S",
	text = "The PF knows whether a VF has all it needs, a part, or nothing",
	run = function()
	local a = card{ vfs = 2, gts = 2 }
	local share = { ggtt = "8M", contexts = 8 }
	expect.eq(a.pf:info(1).valid, "no")
	expect.fails(nil, function() a.pf:pause(1) a.pf:save(1) end)
	-- One of its GuCs has its share, the other not yet.
	fault("on h2g pf gt=1 action=UPDATE_VF_CFG first=1 do delay 600ms", a)
	local op = a.pf:start("provision", 1, share)
	sleep(300)
	expect.eq(a.pf:info(1).valid, "partly")
	op:wait()
	expect.eq(a.pf:info(1).valid, "yes")
	expect.eq(a.pf:info(2).valid, "no")
	a.pf:unprovision(1)
	expect.eq(a.pf:info(1).valid, "no")
	-- One of them does not take it: then none has it.
	fault("on h2g pf gt=1 action=UPDATE_VF_CFG first=1 do failure 0x60", a)
	expect.fails("EIO", function() a.pf:provision(2, share) end)
	expect.eq(a.pf:info(2).valid, "no")
	a.pf:provision(2, share)
	expect.eq(a.pf:info(2).valid, "yes")
end }

scenario{ id = "P-28", level = "must", source = "S",
	text = "RETRY to a VF_CONTROL is followed up to fifty times; BUSY makes the wait longer",
	run = function()
	local a = provisioned()
	fault("on h2g pf action=VF_CONTROL dw2=1 first=3 do retry", a)
	a.pf:pause(1)
	expect.event{ point = "h2g", action = "VF_CONTROL", dw = { [2] = 1 }, count = 4 }
	fault("on h2g pf action=VF_CONTROL dw2=2 first=1 do busy 500ms", a)
	a.pf:resume(1)
	fault("on h2g pf action=VF_CONTROL dw2=4 do retry", a)
	mark()
	expect.fails(nil, function() a.pf:flr(1) end)
	sleep(10000)
	expect.event{ point = "h2g", action = "VF_CONTROL", dw = { [2] = 4 }, count = 51 }
end }

scenario{ id = "P-29", level = "must", source = "S", needs = alone,
	text = "VFIO's arcs are the PF's verbs: pause, resume, save, restore; longer ways go step by step",
	run = function()
	local a, b = provisioned(), provisioned()
	expect.eq(a.pf:vfio(1), "running")
	mark()
	a.pf:vfio(1, "stop-copy")
	local image = read_out(a, function() return 1000 end)
	expect.order{
		{ point = "h2g", action = "VF_CONTROL", dw = { [2] = 1 }, card = a },
		{ point = "h2g", action = "SAVE_RESTORE_VF", card = a },
	}
	a.pf:vfio(1, "stop")
	expect.fails("ENODEV", function() a.pf:vfio_read(1) end)
	a.pf:vfio(1, "running")
	expect.eq(a:state(1), "VF_READY")
	b.pf:vfio(1, "resuming")
	expect.fails("ESPIPE", function() b.pf:vfio_write(1, "x", true) end)
	for _, piece in ipairs(image) do
		while #piece > 0 do
			local n = b.pf:vfio_write(1, piece)
			piece = piece:sub(n + 1)
			sleep(1)
		end
	end
	b.pf:vfio(1, "running")
	expect.eq(b.pf:vfio(1), "running")
	expect.eq(b:state(1), "VF_RESFIX_BLOCKED")
end }

scenario{ id = "P-30", level = "must", source = "S", needs = alone,
	text = "A VFIO reset while resuming: the file is gone, the state is running, the FLR was waited for",
	run = function()
	local a = provisioned()
	a.pf:vfio(1, "resuming")
	a.pf:vfio_reset(1)
	expect.eq(a.pf:vfio(1), "running")
	expect.fails("ENODEV", function() a.pf:vfio_write(1, "x") end)
	expect.eq(a.pf:info(1).state[0], "ready")
	expect.eq(a:state(1), "VF_READY")
end }
