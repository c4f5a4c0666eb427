-- SPDX-License-Identifier: MIT
-- What scenarios on images share: take an image apart and put it together again, with
-- every checksum right, so that only the lie that is told is wrong (vf-lifecycle 3.7).
include "_pf.lua"

DESCRIPTOR, TRAILER, GGTT, MMIO, GUC, VRAM = 1, 2, 3, 4, 5, 6

local crc_table = {}
for n = 0, 255 do
	local c = n
	for _ = 1, 8 do
		c = c & 1 == 1 and c >> 1 ~ 0x82F63B78 or c >> 1
	end
	crc_table[n] = c
end

function crc32c(bytes)
	local c = 0xFFFFFFFF
	for n = 1, #bytes do
		c = crc_table[(c ~ bytes:byte(n)) & 0xFF] ~ c >> 8
	end
	return c ~ 0xFFFFFFFF
end

-- {head = 48 bytes, {type=, tile=, gt=, flags=, offset=, raw=, payload=}, ...}
function parse(bytes)
	local head = string.unpack("<I4", bytes, 13)
	local doc, at = { head = bytes:sub(1, head) }, head + 1
	while at <= #bytes do
		local s = {}
		s.type, s.tile, s.gt, s.flags, s.seq, s.mbz, s.offset, s.raw, s.stored =
			string.unpack("<I2I1I1I4I4I4I8I4I4", bytes, at)
		s.payload = bytes:sub(at + 40, at + 39 + s.stored)
		doc[#doc + 1] = s
		at = at + 40 + s.stored
	end
	return doc
end

-- The image's bytes; sequence, lengths, checksums and trailer are made anew where a
-- section does not say its own (`stored`, `crc`).
function build(doc)
	local head = doc.head:sub(1, 44)
	local out = { head .. string.pack("<I4", crc32c(head)) }
	local before, seq = nil, 0
	for n, s in ipairs(doc) do
		local payload = s.payload
		if s.type == TRAILER and not s.own then
			before = table.concat(out)
			payload = doc.head:sub(25, 40) .. string.pack("<I4I4I8", n - 1, crc32c(before),
				#before + 40 + 32)
		end
		local fixed = string.pack("<I2I1I1I4I4I4I8I4I4I4", s.type, s.tile, s.gt, s.flags,
			seq, s.mbz, s.offset, s.raw, s.lie_stored or #payload, crc32c(payload))
		out[#out + 1] = fixed .. string.pack("<I4", crc32c(fixed)) .. payload
		seq = seq + 1
	end
	return table.concat(out)
end

function section(doc, type_, gt)
	for n, s in ipairs(doc) do
		if s.type == type_ and s.gt == (gt or 0) then
			return s, n
		end
	end
end

-- A paused VF on a card, its image, and another card that waits for it.
function saved(options)
	local s = { a = provisioned(options), b = provisioned(options) }
	s.a.pf:pause(1)
	s.b.pf:pause(1)
	s.image = s.a.pf:save(1)
	mark()
	-- The image with what `change` does to it is refused, nothing of it is applied, and the
	-- good one still restores.
	function s:refuses(change, errno)
		local doc = parse(self.image)
		local bytes = change(doc) or build(doc)
		expect.ne(bytes, self.image, "the image")
		expect.fails(errno, function() self.b.pf:restore(1, bytes) end)
		expect.eq(self.b:state(1), "VF_READY_PAUSED")
		self.b.pf:flr(1)
		self.b.pf:pause(1)
	end
	function s:takes(bytes)
		self.b.pf:restore(1, bytes or self.image)
		expect.eq(self.b:state(1), "VF_RESFIX_PAUSED")
		self.b.pf:flr(1)
		self.b.pf:pause(1)
	end
	return s
end
