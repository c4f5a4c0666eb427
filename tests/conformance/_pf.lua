-- SPDX-License-Identifier: MIT
-- What scenarios on the PF share.

alone = { "in-process", "our-pf" }
pf_only = { "our-pf" }

-- VF_STATE_NOTIFY says in dword 2:
FLR, FLR_DONE, PAUSE_DONE, FIXUP_DONE = 1, 2, 3, 4

-- A card whose VF 1 has its share and is READY; no driver.
function provisioned(options)
	local a = card(options or {})
	a.pf:provision(1, { ggtt = "8M", contexts = 8 })
	mark()
	return a
end

-- Wait for an operation that has to fail: its errno's name, or nil when it did not.
function failed(op, ms)
	local ok, why = pcall(op.wait, op, ms or 30000)
	return not ok and why.errno or nil
end
