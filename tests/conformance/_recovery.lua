-- SPDX-License-Identifier: MIT
-- What scenarios on recoveries share: two cards, a VF that works, a migration.

MIB = 1 << 20

-- Cards A and B as `options` say, a VF on A, booted and, where the driver is ours, busy.
-- Its range begins at `start` (64 MiB). `vf`: options of the VF.
function stage(options)
	local o = options or {}
	local s = { start = o.start or 64 * MIB }
	s.a, s.b = card(o.card or {}), card(o.there or o.card or {})
	local vf = { provision = { ggtt = "16M", contexts = 64, start = s.start } }
	for name, value in pairs(o.vf or {}) do
		vf[name] = value
	end
	s.v = s.a:vf(1, vf)
	if has "our-client" and has "in-process" and o.load ~= false then
		s.load = s.v:load(o.load or {})
	end
	mark()

	-- Migrate to card B at `start`; `more`: other options of vmm.migrate.
	function s:move(start, more)
		local how = { provision = { ggtt = "16M", contexts = 64, start = start or 320 * MIB } }
		for name, value in pairs(more or {}) do
			how[name] = value
		end
		return vmm.migrate(self.v, self.b, how)
	end
	-- And back to card A.
	function s:back(start, more)
		self.a, self.b = self.b, self.a
		return self:move(start or self.start, more)
	end
	-- Recovered, every job ended once and right, and nobody found fault.
	function s:works()
		self.v:recovered()
		if self.load then
			self.load:finish()
		end
		expect.clean()
	end
	return s
end
