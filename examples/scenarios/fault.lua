-- SPDX-License-Identifier: MIT
scenario{ id = "fault", text = "The GuC loses an answer that destruction waits for" }
needs{ "in-process" }

local a = card{}
local v = a:vf(1)
local q = v:queue()
q:submit():wait()

local rule = fault "on g2h vf=1 action=SCHED_CONTEXT_MODE_DONE do drop"
q:destroy()
expect.no{ point = "vf-queue", within = 100 }
expect.eq(rule:fired(), 1)
