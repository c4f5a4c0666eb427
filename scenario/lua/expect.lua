-- SPDX-License-Identifier: MIT
-- What should have happened, and waiting until it does. Each task has a window of
-- events, which mark() begins anew, and a place in it, behind what it awaited last.
local core, env = ...

local first, place = {}, {}

local function window()
	return first[core.task()] or 1
end

local function words(pattern)
	local parts = {}
	for k, v in pairs(pattern) do
		if k == "dw" then
			local dw = {}
			for i, x in pairs(v) do
				dw[#dw + 1] = string.format("[%d]=0x%x", i, x)
			end
			v = "{" .. table.concat(dw, ",") .. "}"
		elseif k == "card" and type(v) == "table" then
			v = v.name
		elseif k == "point" and type(v) == "table" then
			v = table.concat(v, "|")
		end
		parts[#parts + 1] = k .. "=" .. tostring(v)
	end
	table.sort(parts)
	return "{" .. table.concat(parts, ", ") .. "}"
end

-- What is seen of actors that live here, and what a card tells only when it is asked to.
local of_vf, of_pf = "our-client", "our-pf"

local function seen(pattern)
	if core.world == "virtual" then
		return
	end
	local points = pattern.point or {}
	for _, p in ipairs(type(points) == "table" and points or { points }) do
		if p:match("^vf%-") then
			core.seen({ here = core.looks.client and not core.client }, "point " .. p, of_vf)
		elseif p:match("^pf%-") and p ~= "pf-step" then
			core.seen({ here = core.looks.pf and not core.other_pf }, "point " .. p, of_pf)
		elseif p == "fault" then
			core.only_virtual("point " .. p)
		end
	end
end

-- The first from index `from` on, before `to`, that fits, `where` included.
local function find(pattern, from, to)
	local p = core.pattern(pattern)
	seen(pattern)
	local at = core.find(p, from, to)
	while at do
		local e = core.event(at)
		if not pattern.where or pattern.where(e) then
			return e
		end
		at = core.find(p, at + 1, to)
	end
end

-- What is looked for may be on its way from a card.
local function settle()
	if core.world == "real" then
		core.settle()
	end
end

core.def("Events", "mark()",
	"From here on: `expect` looks only at what happens after it, `await` too.",
	function()
		settle()
		local t = core.task()
		first[t] = core.events() + 1
		place[t] = first[t]
		for _, v in ipairs(core.world == "real" and core.vfs or {}) do
			v.wedged_before = not v.gone and core.vf_counts(v.id).wedged or 0
		end
	end)

core.def("Events", "await{PATTERN, timeout=ms}",
	"Wait until an event that fits happens, or has happened since the last one awaited (or " ..
	"`mark()`): the event. `timeout` is 5000 ms by default; when it passes the case ends as `hang`.",
	function(pattern)
		local t = core.task()
		local from = place[t] or window()
		local limit = core.now() + core.patience * core.ns(pattern.timeout or 5000)
		while true do
			local n = core.events()
			local e = find(pattern, from, n)
			if e then
				place[t] = e.index + 1
				return e
			end
			from = n + 1
			if core.now() >= limit or not core.wait("event", n + 1, limit) then
				core.fail("hang", string.format("%s did not come within %g ms", words(pattern),
					core.patience * (pattern.timeout or 5000)), n)
			end
		end
	end)

core.def("Events", "events{PATTERN}", "All events of the window that fit, as a list.",
	function(pattern)
		settle()
		local list, at = {}, window()
		local e = find(pattern, at)
		while e do
			list[#list + 1] = e
			e = find(pattern, e.index + 1)
		end
		return list
	end)

core.def("Expectations", "expect.event{PATTERN, count=n}",
	"One that fits has happened since `mark()`, with `count` exactly so many: the (last) event.",
	function(pattern)
		local list = env.events(pattern)
		if pattern.count and #list ~= pattern.count then
			core.fail("fail", string.format("%s happened %d times, not %d", words(pattern),
				#list, pattern.count), #list > 0 and list[#list].index or 0)
		elseif not pattern.count and #list == 0 then
			core.fail("fail", words(pattern) .. " did not happen", 0)
		end
		return list[#list]
	end)

core.def("Expectations", "expect.no{PATTERN, within=ms}",
	"None that fits has happened since `mark()`; with `within` none happens for so long either.",
	function(pattern)
		settle()
		local e = find(pattern, window())
		if not e and pattern.within then
			local limit, from = core.now() + core.ns(pattern.within), core.events() + 1
			while not e and core.now() < limit and core.wait("event", from, limit) do
				local n = core.events()
				e = find(pattern, from, n)
				from = n + 1
			end
		end
		if e then
			core.fail("fail", words(pattern) .. " happened: " .. e.words, e.index)
		end
	end)

core.def("Expectations", "expect.order{PATTERN, PATTERN, ...}",
	"Since `mark()` they have happened in this order, others between them or not: the events.",
	function(list)
		settle()
		local from, found, last = window(), {}, nil
		for i, pattern in ipairs(list) do
			local e = find(pattern, from)
			if not e then
				core.fail("fail", string.format("%s did not happen%s", words(pattern),
					last and " after " .. last.words or ""), last and last.index or 0)
			end
			found[i], last, from = e, e, e.index + 1
		end
		return found
	end)

local function show(v)
	if math.type(v) == "integer" and v > 9 then
		return string.format("%d (0x%x)", v, v)
	end
	return type(v) == "string" and string.format("%q", v) or tostring(v)
end

local function same(a, b)
	if type(a) ~= "table" or type(b) ~= "table" then
		return a == b
	end
	for k, v in pairs(a) do
		if not same(v, b[k]) then
			return false
		end
	end
	for k in pairs(b) do
		if a[k] == nil then
			return false
		end
	end
	return true
end

core.def("Expectations", "expect.eq(is, wanted, [what])", "They are equal; tables member by member.",
	function(is, wanted, what)
		if not same(is, wanted) then
			core.fail("fail", string.format("%s is %s, not %s", what or "it", show(is), show(wanted)),
				core.events())
		end
	end)

core.def("Expectations", "expect.ne(is, other, [what])", "They are not equal.",
	function(is, other, what)
		if same(is, other) then
			core.fail("fail", string.format("%s is %s", what or "it", show(is)), core.events())
		end
	end)

core.def("Expectations", "expect.ok(value, [what])", "It is neither nil nor false.",
	function(value, what)
		if not value then
			core.fail("fail", tostring(what or "it is not so"), core.events())
		end
		return value
	end)

core.def("Expectations", "expect.fails(ERRNO, function, ...)",
	"The call ends with this error, such as `\"EPERM\"`; `nil`: with any.",
	function(name, fn, ...)
		local ok, err = pcall(fn, ...)
		local is = type(err) == "table" and err.errno or tostring(err)
		if ok then
			core.fail("fail", string.format("it worked; %s was expected", name or "an error"),
				core.events())
		elseif name and is ~= name then
			core.fail("fail", string.format("it ended with %s, not %s", is, name), core.events())
		end
		return err
	end)

core.def("Expectations", "expect.finding{structure=, vf=, gt=, card=}",
	"The missed-fixup detector has found this since `mark()`; `{}`: anything. The event.",
	function(pattern)
		local copy = { point = "finding" }
		for k, v in pairs(pattern or {}) do
			copy[k] = v
		end
		return env.expect.event(copy)
	end)

core.def("Expectations", "expect.clean()",
	"Since `mark()` no detector has found anything, no function reached outside its own, and no " ..
	"driver wedged.",
	function()
		env.expect.no { point = { "finding", "violation" } }
		if core.world == "virtual" then
			env.expect.no { point = "vf-state", text = "wedged" }
			return
		end
		for _, v in ipairs(core.vfs) do
			if not v.gone and v.driver and core.vf_counts(v.id).wedged > (v.wedged_before or 0) then
				core.fail("fail", string.format("VF %d wedged", v:number()), core.events())
			end
		end
	end)

core.def("Expectations", "fail(REASON)", "End the case as failed.",
	function(reason) core.fail("fail", tostring(reason), core.events()) end)
