-- SPDX-License-Identifier: MIT
scenario{ id = "migrate", text = "A busy VF moves to another card and recovers" }

local a, b = card{}, card{}
local v = a:vf(1)
local load = v:load{ wide = true }

mark()
vmm.migrate(v, b)
await{ point = "irq", irq = "MIGRATED", card = b }
v:recovered()

load:finish()
expect.clean()
