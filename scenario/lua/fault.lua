-- SPDX-License-Identifier: MIT
-- Fault rules: the GuC misbehaves as a line of text says (docs/protocol/faults.md).
local core, env = ...

local rules = {}
local moves = {} -- of each VF, the last that a rule asked for
local pump

-- One after the other: the card that a VF has left is reset at the end.
local function move(v, to)
	local before = moves[v]
	moves[v] = env.spawn(function()
		if before then
			before:join()
		end
		env.vmm.migrate(v, to)
	end)
end

local function carry_out(c, what, fn, target)
	local v = core.vf_at(c, fn)
	if what == "pause" then
		c.pf:start("pause", fn)
	elseif what == "disconnect" and v then
		v:remove()
	elseif what == "migrate" and v then
		for _, other in ipairs(core.cards) do
			if other ~= c and (target == "" or other.name == target) then
				move(v, other)
				return
			end
		end
		core.complain("a fault rule asks for a migration, and there is no other card")
	end
end

-- A card that is a process carries out all but migrations, and tells which rules fired.
local function carry_out_fired(c, fn, names)
	for name in names:gmatch("[^+]+") do
		for _, r in ipairs(rules) do
			if r.card == c and r.target and (name == "#" .. r.number or name == r.name) then
				carry_out(c, "migrate", fn, r.target)
			end
		end
	end
end

-- What rules ask of the world is done between its turns.
local function run_pump()
	while true do
		for _, c in ipairs(core.cards) do
			local what, _, fn, _, target = core.fault_take(c.index)
			while what do
				if what == "fired" then
					carry_out_fired(c, fn, target)
				else
					carry_out(c, what, fn, target)
				end
				what, _, fn, _, target = core.fault_take(c.index)
			end
		end
		core.wait("turn")
	end
end

-- For a card that is a process: its rule only holds the VF, and this moves it. The line
-- without the card's name, and the name.
local function without_target(line)
	local head, tail = line:match("^(.-%f[%w]do%s+migrate%f[%s%z])(.*)$")
	if not head then
		return line
	end
	local target, rest = tail:match("^%s+(%S+)(.*)$")
	if not target or target == "then" then
		return line, ""
	end
	return head .. rest, target
end

core.def("Faults", "fault(LINE, [card])",
	"Add a fault rule to the card, the first by default: a rule. " ..
	"`fault \"on g2h vf=1 action=SCHED_CONTEXT_MODE_DONE nth=3 do drop\"`. What rules ask " ..
	"beside, `pause`, `migrate`, `disconnect`, is done; `log` is an event `fault-asks`.",
	function(line, c)
		c = c or core.cards[1]
		if not c then
			core.complain("fault: there is no card yet")
		end
		if core.listing then
			core.only_virtual("fault")
		end
		local target
		if core.world == "real" then
			line, target = without_target(line)
		end
		local number, why = core.fault_add(c.index, line)
		if not number then
			core.complain("%s", why)
		end
		if not pump then
			pump = true
			env.spawn(run_pump)
		end
		local r = core.object("rule", { card = c, number = number, target = target,
			name = line:match("^%s*([%w_-]+):") })
		rules[#rules + 1] = r
		return r
	end)
core.def("Faults", "rule:fired()", "How often it fired.",
	function(r) return (select(2, core.fault_info(r.card.index, r.number))) end)
core.def("Faults", "rule:matched()", "How many crossings its conditions let through.",
	function(r) return (core.fault_info(r.card.index, r.number)) end)
core.def("Faults", "rule:arm(yes)", "Arm it, or disarm it.",
	function(r, yes) core.fault_arm(r.card.index, r.number, yes ~= false) end)
core.def("Faults", "rule:remove()", "Take it away.",
	function(r) core.fault_remove(r.card.index, r.number) end)
core.def("Faults", "card:fault_state(NAME, [on])",
	"A state that rules match on with `if`: ask, or set it.",
	function(c, name, on)
		core.only_virtual("card:fault_state()")
		return core.fault_state(c.index, name, on)
	end)
