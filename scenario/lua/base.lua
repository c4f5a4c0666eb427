-- SPDX-License-Identifier: MIT
-- What scenarios stand on: the table of all words (their reference is printed of it),
-- cases of a file, time, tasks, text. Gets the hidden table `core` and the scripts'
-- environment.
local core, env = ...

core.words, core.options, core.classes = {}, {}, {}

-- A word that scripts have: the form says where it lives and what it takes.
function core.def(group, form, text, fn)
	local owner, sep, name = form:match("^([%a_]+)([.:])([%w_]+)")
	core.words[#core.words + 1] = { group = group, form = form, text = text }
	if sep == ":" then
		core.classes[owner] = core.classes[owner] or {}
		core.classes[owner][name] = fn
	elseif sep == "." then
		env[owner] = env[owner] or {}
		env[owner][name] = fn
	else
		env[form:match("^[%w_]+")] = fn
	end
end

-- A named option of a call that takes a table.
function core.option(call, name, text, kind)
	core.options[call] = core.options[call] or { known = {} }
	table.insert(core.options[call], { name = name, text = text })
	core.options[call].known[name] = kind or true
end

function core.complain(form, ...)
	error(core.where() .. ": " .. string.format(form, ...), 0)
end

local units = { [""] = 1, K = 1 << 10, M = 1 << 20, G = 1 << 30 }

-- A size: a number, or text such as "16M".
function core.size(v)
	if type(v) ~= "string" then
		return v
	end
	local n, unit = v:match("^(%w-)([KMG]?)$")
	n = math.tointeger(tonumber(n))
	if not n then
		core.complain("'%s' is no size", v)
	end
	return n * units[unit]
end

-- Options of a call: known ones only, sizes as numbers. A copy.
function core.take(call, given)
	local known, out = core.options[call].known, {}
	if given == nil then
		return out
	end
	if type(given) ~= "table" then
		core.complain("%s: a table of options is wanted", call)
	end
	for k, v in pairs(given) do
		if not known[k] then
			core.complain("%s: there is no option '%s'", call, tostring(k))
		end
		out[k] = known[k] == "size" and core.size(v) or v
	end
	return out
end

-- Names that `--set NAME=A,B` has, or nil: weaknesses for drivers that say nothing of theirs.
function core.asked(name)
	local value = core.param(name)
	if not value then
		return nil
	end
	local list = {}
	for one in value:gmatch("[^,]+") do
		list[#list + 1] = one
	end
	return list
end

function core.object(class, fields)
	return setmetatable(fields, { __index = core.classes[class], __name = class })
end

function core.is(object, class)
	local m = type(object) == "table" and getmetatable(object)
	return m and m.__index == core.classes[class]
end

-- What this world does not have skips the case, so that one script serves both.
if core.world == "real" then
	setmetatable(core, { __index = function(_, name)
		return function()
			core.fail("skip", name:gsub("_", " ") .. " needs the world in this process")
		end
	end })
end

-- Other people's clocks have other work to do.
core.patience = core.world == "real" and 3 or 1

local NS = 1000000

function core.ns(ms)
	if type(ms) ~= "number" or ms < 0 or ms > 1e9 then
		core.complain("a time in ms is wanted")
	end
	return math.floor(ms * NS)
end

-- Wait for an operation's end; its answer's dwords. Errors of the world are raised.
function core.finish(tag, what, ms)
	local limit = core.patience * (ms or 60000)
	if not core.wait("tag", tag, core.now() + core.ns(limit)) then
		core.fail("hang", string.format("%s did not end within %g ms", what, limit))
	end
	local err, dw = core.result(tag)
	if err ~= 0 then
		core.raise(err, what)
	end
	return dw
end

-- Turn until `is()`; false when `ms` have gone.
function core.await(is, ms)
	local limit = core.now() + core.patience * core.ns(ms or 5000)
	while not is() do
		if core.now() >= limit then
			return false
		end
		core.wait("turn", 0, limit)
	end
	return true
end

-- What a case looks into lives in its own process. In the virtual world that is so anyway,
-- of real ones a case says so by its needs.
core.looks = {}

function core.seen(actor, what, need)
	if core.listing then
		error(core.listing_end, 0)
	end
	if core.world ~= "virtual" and not actor.here then
		core.fail("skip", string.format("%s looks inside, and it is a process of its own " ..
			"(needs{\"%s\"})", what, need))
	end
end

-- Refuse what this world can't do: the case is skipped, not failed.
function core.only_virtual(what)
	if core.listing then
		error(core.listing_end, 0)
	end
	if core.world ~= "virtual" then
		core.fail("skip", what .. " needs the world in this process")
	end
end

-- --- operations -----------------------------------------------------------------------

core.def("Operations", "op:wait([ms])",
	"Wait for its end (60 s of the clock by default). What the operation gives, such as an " ..
	"image; an error when it failed.",
	function(op, ms)
		local dw = core.finish(op.tag, op.what, ms)
		return op.result and op.result(op.tag, dw) or nil
	end)

core.def("Operations", "op:done()", "Has it ended? Does not wait.",
	function(op) return core.done(op.tag) end)

function core.op(tag, what, result)
	return core.object("op", { tag = tag, what = what, result = result })
end

-- --- cases -----------------------------------------------------------------------------

core.cases = {}
core.listing_end = setmetatable({}, { __tostring = function() return "end of the listing" end })

local function met(need)
	local name, value = need:match("^([%w-]+)=(.*)$")
	if need == "in-process" then
		return core.world == "virtual", "it needs the world in this process"
	elseif need == "sockets" then
		return core.world == "real", "it needs real processes (--sockets)"
	elseif need == "our-client" then
		return not core.client, "it looks into our own VF driver (--client replaces it)"
	elseif need == "our-pf" then
		return not core.other_pf, "it looks into our own PF driver (--pf replaces it)"
	elseif need == "inside" then
		return core.world == "virtual" or core.looks.client, "it looks into the VF driver"
	elseif name then
		return (core.param(name) or value) == value, "it is for " .. need
	end
	core.complain("there is no need '%s'", need)
end

core.def("Files and cases", "needs{NAME, ...}",
	"Skip the case unless all are met: `in-process`, `sockets`, `our-client`, `our-pf`, or " ..
	"`NAME=VALUE`, met where `--set NAME` has that value or was not given. With `--sockets` " ..
	"the driver that is needed lives in the case's own process, where it can be looked into.",
	function(list)
		if type(list) ~= "table" then
			core.complain("needs: a list is wanted: { 'sockets' }")
		end
		for _, need in ipairs(list) do
			local ok, why = met(need)
			if not ok and not core.listing then
				core.fail("skip", why)
			end
			core.looks.client = core.looks.client or need == "our-client"
			core.looks.pf = core.looks.pf or need == "our-pf"
		end
	end)

core.def("Files and cases", "has(NAME)",
	"Is what `needs{NAME}` asks for there? For a case that can prove more, or less, with it. " ..
	"`inside`: does the VF driver live where the case looks into it?",
	function(need) return (met(need)) end)

for _, o in ipairs {
	{ "id", "what the case is called; the file's name without it" },
	{ "text", "one sentence on what it proves" },
	{ "level", "`must` or `should`" },
	{ "source", "where the rule comes from" },
	{ "needs", "as `needs{...}`" },
	{ "run", "a function: a case of several in the file" },
} do
	core.option("scenario", o[1], o[2])
end

core.def("Files and cases", "scenario{id=, text=, ...}",
	"Declare a case. With `run` a file can have several, each run in a process and a world of " ..
	"its own; without it the file itself is the case.",
	function(t)
		local c = core.take("scenario", t)
		core.cases[#core.cases + 1] = c
		if not c.run and c.needs then
			env.needs(c.needs)
		end
	end)

core.def("Files and cases", "include(NAME)",
	"Run the file of that name beside this one, once more each time; what it returns.",
	function(name) return core.include(name) end)

core.def("Files and cases", "param(NAME, [otherwise])",
	"The value of `--set NAME=VALUE`, a text.",
	function(name, otherwise) return core.param(name) or otherwise end)

core.def("Files and cases", "skip(REASON)", "End the case as skipped.",
	function(reason) core.fail("skip", tostring(reason)) end)

-- The first task: the file, and of several cases the one that was asked for.
function core.main(chunk)
	return function()
		chunk()
		local case = core.cases[core.number + 1]
		if case and case.run and not core.listing then
			env.needs(case.needs or {})
			case.run()
		end
	end
end

-- --- time and tasks ------------------------------------------------------------------------

core.def("Time", "now()", "The clock in ms, with fractions. It begins at 0.",
	function() return core.now() / NS end)

core.def("Time", "sleep(ms)", "Let the world go on for so long.",
	function(ms) core.wait("time", 0, core.now() + core.ns(ms)) end)

core.def("Time", "spawn(function)",
	"Run the function beside this one. It ends with the case at the latest; an error in it is " ..
	"the case's. `task:join()` waits for its end.",
	function(fn) return core.object("task", { number = core.spawn(fn) }) end)

core.def("Time", "task:join([ms])", "Wait for the task's end, 60 s by default.",
	function(task, ms)
		if not core.wait("task", task.number, core.now() + core.ns(ms or 60000)) then
			core.fail("hang", "the task did not end")
		end
	end)

core.def("Time", "random(n)", "0 to n - 1, from the seed.",
	function(n) return core.random(n) end)

core.def("Time", "seed()", "The seed of this run.", function() return core.seed end)

-- --- text ------------------------------------------------------------------------------------

core.def("Output", "print(...)", "A line of the case's log, which is shown when it fails.",
	function(...)
		local parts = table.pack(...)
		for i = 1, parts.n do
			parts[i] = tostring(parts[i])
		end
		core.print(table.concat(parts, "\t"))
	end)
env.log = env.print

core.def("Output", "diagram(vf, [gt])",
	"The sequence diagram of what happened between PF, GuC and this VF so far, as text.",
	function(vf, gt)
		return core.diagram(type(vf) == "table" and vf:number() or vf or 1, gt or 0)
	end)
