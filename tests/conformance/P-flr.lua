-- SPDX-License-Identifier: MIT
-- The FLR of a VF as PF and GuC do it together, and what else the GuC tells the PF
-- (vf-lifecycle 6.4, 2.4, 2.13).
include "_pf.lua"

local function notify(cmd, what)
	return "on g2h pf action=VF_STATE_NOTIFY dw2=" .. cmd .. " first=1 do " .. what
end
-- A rule at the PF's commands: 4 FLR_START, 5 FLR_FINISH.
local function command(cmd, what)
	return "on h2g pf action=VF_CONTROL dw2=" .. cmd .. " first=1 do " .. what
end

scenario{ id = "P-10", level = "must", source = "S", needs = alone,
	text = "A whole FLR: start, done, entries and mailbox cleared, finish; the configuration stays",
	run = function()
	local a = card{ trace = { "mmio-write" } }
	local v = a:vf(1)
	local before = a:info(1)
	mark()
	v:pci_flr()
	await{ point = "state", to = "VF_READY" }
	sleep(10)
	expect.order{
		{ point = "g2h", action = "VF_STATE_NOTIFY", dw = { [2] = FLR } },
		{ point = "h2g", action = "VF_CONTROL", dw = { [2] = 4 } },
		{ point = "g2h", action = "VF_STATE_NOTIFY", dw = { [2] = FLR_DONE } },
		{ point = "h2g", action = "VF_CONTROL", dw = { [2] = 5 } },
	}
	expect.eq(a:ggtt(before.ggtt_start) & ~0xFFF, 0, "an entry's address")
	expect.eq(a.pf:info(1).relay_major, 0, "the relay's version")
	for _, field in ipairs{ "ggtt_start", "ggtt_size", "contexts", "doorbells" } do
		expect.eq(a:info(1)[field], before[field], field)
	end
end }

scenario{ id = "P-11", level = "must", source = "S",
	text = "FLR_DONE does not come: the waiter gives up after 5 s, the FLR goes on when it comes",
	run = function()
	local a = provisioned()
	fault(notify(FLR_DONE, "delay 7s"), a)
	local began = now()
	expect.fails("ETIMEDOUT", function() a.pf:flr(1) end)
	expect.ok(now() - began >= 5000)
	expect.eq(a.pf:info(1).state[0], "flr")
	sleep(3000)
	expect.eq(a.pf:info(1).state[0], "ready")
end }

scenario{ id = "P-12", level = "must", source = "S",
	text = "An FLR_DONE that nobody waits for is a mismatch and nothing else",
	run = function()
	local a = provisioned()
	fault(notify(FLR_DONE, "duplicate"), a)
	a.pf:flr(1)
	sleep(10)
	expect.eq(a.pf:info(1).state[0], "ready")
	a.pf:pause(1)
	expect.eq(a.pf:info(1).mismatch, false)
end }

scenario{ id = "P-13", level = "should", source = "S/D",
	text = "A rejected FLR_START fails the FLR and is a mismatch; a later one succeeds",
	run = function()
	local a = provisioned()
	fault(command(4, "failure 0x0A"), a)
	expect.fails("EIO", function() a.pf:flr(1) end)
	expect.eq(a.pf:info(1).failed, true)
	expect.eq(a.pf:info(1).mismatch, true)
	expect.eq(ended(a.pf:start("flr", 1)), nil)
	expect.eq(a.pf:info(1).failed, false)
end }

scenario{ id = "P-14", level = "must", source = "S",
	text = "Two GTs, one late: nothing is cleared or finished before both are done",
	run = function()
	local a = provisioned{ gts = 2 }
	fault("on g2h pf gt=1 action=VF_STATE_NOTIFY dw2=2 first=1 do delay 1s", a)
	local op = a.pf:start("flr", 1)
	sleep(500)
	expect.no{ point = "h2g", action = "VF_CONTROL", dw = { [2] = 5 } }
	op:wait()
	expect.event{ point = "h2g", action = "VF_CONTROL", dw = { [2] = 5 }, count = 2 }
end }

scenario{ id = "P-15", level = "should", source = "S/D",
	text = "Two GTs, one fails: the other does not stay in the middle for ever",
	run = function()
	local a = provisioned{ gts = 2 }
	fault("on h2g pf gt=1 action=VF_CONTROL dw2=4 first=1 do failure 0x0A", a)
	expect.fails("EIO", function() a.pf:flr(1) end)
	expect.eq(a.pf:info(1).state[0], "ready")
	a.pf:flr(1)
	expect.eq(a.pf:info(1).state, { [0] = "ready", "ready" })
end }

scenario{ id = "P-16", level = "must", source = "S",
	text = "An FLR between PAUSE and PAUSE_DONE: the pause is ECANCELED, the FLR completes",
	run = function()
	local a = provisioned()
	fault(notify(PAUSE_DONE, "delay 200ms"), a)
	local pause = a.pf:start("pause", 1)
	sleep(10)
	a:pci_flr(1)
	expect.eq(ended(pause), "ECANCELED")
	await{ point = "h2g", action = "VF_CONTROL", dw = { [2] = 5 } }
	sleep(500)
	expect.eq(a.pf:info(1).state[0], "ready")
end }

scenario{ id = "P-17", level = "must", source = "I",
	text = "An FLR during a save: the save ends with an error, the VF is ready",
	run = function()
	local a = provisioned()
	a.pf:pause(1)
	local save = a.pf:start_save(1)
	a:pci_flr(1)
	expect.ok(ended(save), "the save failed")
	sleep(100)
	expect.eq(a.pf:info(1).state[0], "ready")
	a.pf:pause(1)
	a.pf:save(1)
end }

scenario{ id = "P-18", level = "must", source = "I", needs = alone,
	text = "An FLR during a restore: the restore ends with an error, the VF is ready",
	run = function()
	local a = provisioned()
	a.pf:pause(1)
	local image = a.pf:save(1)
	local restore = a.pf:start_restore(1, image:sub(1, #image // 2), { slice = 64, open = true })
	sleep(1)
	a:pci_flr(1)
	expect.ok(ended(restore), "the restore failed")
	sleep(100)
	expect.eq(a.pf:info(1).state[0], "ready")
	a.pf:pause(1)
	a.pf:restore(1, image)
end }

scenario{ id = "P-19", level = "must", source = "S/D",
	text = "A second FLR during the first: the PF goes on, and the VF ends up ready",
	run = function()
	local a = provisioned()
	fault(notify(FLR_DONE, "delay 100ms"), a)
	a:pci_flr(1)
	sleep(20)
	a:pci_flr(1)
	sleep(1000)
	expect.eq(a.pf:info(1).state[0], "ready")
	expect.eq(a:state(1), "VF_READY")
end }

scenario{ id = "P-20", level = "must", source = "S",
	text = "A PF may begin an FLR by itself, without the event",
	run = function()
	local a = provisioned()
	a.pf:flr(1)
	expect.no{ point = "g2h", action = "VF_STATE_NOTIFY", dw = { [2] = FLR } }
	expect.event{ point = "g2h", action = "VF_STATE_NOTIFY", dw = { [2] = FLR_DONE } }
	expect.eq(a:state(1), "VF_READY")
end }

-- The PF gets a notification that is wrong, and serves on.
local function wrong(rule)
	local a = provisioned()
	local r = fault(notify(PAUSE_DONE, rule), a)
	expect.fails("ETIMEDOUT", function() a.pf:pause(1) end)
	expect.eq(r:fired(), 1)
	a.pf:flr(1)
	a.pf:pause(1)
	return a
end

scenario{ id = "P-21", level = "must", source = "S",
	text = "Notifications of a VF there is not, of an unknown event, with DATA0, or too long are dropped",
	run = function()
	for _, rule in ipairs{ "set dw1=63", "set dw2=0x77", "data0 1", "extend 1" } do
		wrong(rule)
	end
end }

scenario{ id = "P-22", level = "must", source = "S", needs = alone,
	text = "VF_ENABLE, event 1 of VF 0, is accepted and nothing is done",
	run = function()
	local a = card{}
	mark()
	a.pf:provision(1, { ggtt = "8M", contexts = 8 })
	await{ point = "g2h", fn = 0, action = "VF_STATE_NOTIFY", dw = { [1] = 0, [2] = 1 } }
	expect.no{ point = "h2g", action = "VF_CONTROL", within = 100 }
	expect.no{ point = "pf-log", text = "bad event" }
end }

scenario{ id = "P-23", level = "must", source = "S",
	text = "FIXUP_DONE after a recovery is accepted",
	run = function()
	local a, b = card{}, card{}
	local v = a:vf(1)
	mark()
	vmm.migrate(v, b)
	v:recovered()
	await{ point = "g2h", action = "VF_STATE_NOTIFY", dw = { [2] = FIXUP_DONE }, card = b }
	expect.no{ point = "h2g", action = "VF_CONTROL", dw = { [2] = 4 }, card = b }
end }

scenario{ id = "P-27", level = "must", source = "S", needs = { "our-pf", "our-client" },
	text = "Adverse events are counted; those of a VF or key there is not are dropped; an FLR clears them",
	run = function()
	for _, c in ipairs{ { "nothing", true }, { "set dw1=63" }, { "set dw2=0x8AFF" }, { "data0 1" },
		{ "truncate 1" } } do
		local a = card{}
		local v = a:vf(1)
		a.pf:set(0, "sample-period", 100)
		a.pf:set(1, "cat-err", 1)
		mark()
		local r = fault("on g2h pf action=ADVERSE_EVENT do " .. c[1], a)
		for n = 1, 4 do
			local q = v:queue()
			q:submit("wait")
			sleep(5)
			a:mishap(v, 0, { kind = "cat-error", context = n - 1, type = 0 })
		end
		sleep(1000)
		expect.ok(r:fired() > 0, "ADVERSE_EVENT was sent")
		expect.eq(a.pf:info(1).adverse, c[2] and r:fired() or 0, "counted: " .. c[1])
		expect.eq(#events{ point = "pf-adverse" }, c[2] and r:fired() or 0, "told: " .. c[1])
		expect.eq(#events{ point = "pf-log", text = "bad event" }, c[2] and 0 or r:fired(),
			"refused: " .. c[1])
		-- The channel lives.
		a.pf:pause(1)
		a.pf:flr(1)
		expect.eq(a.pf:info(1).adverse, 0)
	end
end }
