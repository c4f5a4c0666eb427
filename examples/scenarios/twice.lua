-- SPDX-License-Identifier: MIT
scenario{ id = "twice", text = "A second migration in mid-recovery: the driver starts over" }
needs{ "our-client", "in-process" }

local a, b = card{}, card{}
local v = a:vf(1)
local load = v:load{}

mark()
v:hold("fix-queues")
vmm.migrate(v, b)
await{ point = "mbox-request", action = "RESFIX_START" }
sleep(5)
expect.eq(v:held(), "fix-queues")
vmm.migrate(v, a)
v:continue()
v:recovered()

load:finish()
expect.event{ point = "irq", irq = "MIGRATED", vf = 1, count = 2 }
expect.clean()
