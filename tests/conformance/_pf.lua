-- SPDX-License-Identifier: MIT
-- What scenarios on the PF share.
include "_common.lua"

-- Rows that look into the PF; the others judge any that takes the verbs.
alone = { "our-pf" }

-- VF_STATE_NOTIFY says in dword 2:
FLR, FLR_DONE, PAUSE_DONE, FIXUP_DONE = 1, 2, 3, 4

-- A card whose VF 1 has its share and is READY; no driver.
function provisioned(options)
	local a = card(options or {})
	a.pf:provision(1, { ggtt = "8M", contexts = 8 })
	mark()
	return a
end

-- What the file of a VF in stop-copy has up to its end, `piece(n)` bytes the nth time, in
-- pieces.
function read_out(a, piece)
	local pieces, n = {}, 0
	while true do
		n = n + 1
		local bytes = a.pf:vfio_read(1, piece(n))
		if bytes == "" then
			return pieces
		elseif bytes then
			pieces[#pieces + 1] = bytes
		else
			sleep(1)
		end
	end
end
