-- SPDX-License-Identifier: MIT
scenario{ id = "boot", text = "A VF boots and its first job ends" }

local a = card{}
local v = a:vf(1)
expect.eq(v:guc_state(), "VF_RUNNING")

v:queue():submit("store", 42):wait()
expect.order{
	{ point = "mbox-request", action = "VF_RESET" },
	{ point = "mbox-request", action = "MATCH_VERSION" },
	{ point = "mbox-request", action = "CONTROL_CTB", vf = 1 },
	{ point = "h2g", action = "REGISTER_CONTEXT" },
	{ point = "vf-job", job = 1 },
}
expect.clean()
