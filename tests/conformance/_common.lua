-- SPDX-License-Identifier: MIT
-- What all scenarios of the suite share.

-- A copy of the options, with `defaults` where they say nothing.
function over(defaults, options)
	local o = {}
	for _, t in ipairs{ defaults, options or {} } do
		for name, value in pairs(t) do
			o[name] = value
		end
	end
	return o
end

-- Wait until the rule has fired.
function fires(rule, ms)
	local limit = now() + (ms or 5000)
	while rule:fired() == 0 and now() < limit do
		sleep(1)
	end
	expect.ok(rule:fired() > 0, "the rule fired")
end

-- Wait until the operation has ended; its errno's name, or nil when it went well.
function ended(op, ms)
	local ok, why = pcall(op.wait, op, ms or 30000)
	return not ok and why.errno or nil
end
