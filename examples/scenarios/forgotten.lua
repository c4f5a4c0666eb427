-- SPDX-License-Identifier: MIT
scenario{ id = "forgotten", text = "A driver forgets one kind of address: the detector names it" }

local a, b = card{}, card{}
local v = a:vf(1, { skip = { "ring-start" } })
v:queue():submit():wait()

vmm.migrate(v, b)
await{ point = "mbox-reply", action = "RESFIX_DONE" }
local e = expect.finding{ structure = "ring-start", card = b }
print(string.format("dword %d is 0x%x, should be 0x%x", e.finding.dword, e.finding.new,
	e.finding.expected))
