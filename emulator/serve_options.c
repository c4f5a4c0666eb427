/* SPDX-License-Identifier: MIT */
/* The command line of `gucemu serve`. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "emulator/fault_text.h"
#include "emulator/vfio/vfio.h"
#include "proto/regs.h"
#include "serve_options.h"
#include "snapshot.h"

/* What the parser fills, before it is checked and turned into options. */
struct raw {
	const char *socket, *name, *abi, *run, *log, *record, *vfio_user, *platform;
	unsigned vfs, gts, tiles, contexts, provision, ready_fd;
	uint64_t ggtt_size, ggtt_offset, lmem_size, seed, snapshots;
	struct cli_list fault, faults;
	bool no_pf, strict, no_drain, strict_detector, gap_profile, ggtt_tlb, ppgtt_tlb, overwrite;
	bool msix;
};

static int bad(const char *text)
{
	cli_complain("gucemu serve", "%s", text);
	return CLI_BAD;
}

/* "1.26" */
static bool parse_abi(const char *text, uint8_t *minor)
{
	char *end;
	unsigned long v;

	if (strncmp(text, "1.", 2) != 0 || text[2] < '0' || text[2] > '9')
		return false;
	v = strtoul(text + 2, &end, 10);
	if (*end || v > GUC_ABI_MAX_MINOR)
		return false;
	*minor = (uint8_t)v;
	return true;
}

/* What the card is: a row of the table, and what the command line says of its size. */
static int fill_platform(struct server_options *o, const struct raw *r)
{
	const struct platform *p = r->platform ? platform_find(r->platform) : platform_row(0);
	const char *names[16], *near;
	unsigned n = 0;

	for (; n < 16 && platform_row(n); n++)
		names[n] = platform_row(n)->name;
	if (!p) {
		near = cli_nearest(r->platform, names, n);
		cli_complain("gucemu serve", "--platform: there is no '%s'%s%s%s", r->platform,
			     near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
		for (unsigned i = 0; i < n; i++)
			fprintf(stderr, "  %-6s %s\n", names[i], platform_row(i)->text);
		return CLI_BAD;
	}
	o->platform = p;
	o->guc.devid = p->devid;
	o->guc.revid = p->revid;
	o->guc.gmd_id[0] = platform_gmd_id(p->graphics);
	o->guc.gmd_id[1] = platform_gmd_id(p->media);
	o->guc.vf_stride = p->graphics > 1200 ? REG_VF_STRIDE : REG_VF_STRIDE_GEN12;
	o->guc.irq_registers = !p->memirq;
	o->guc.ccs_ratio = p->ccs_ratio;
	o->guc.lmem_size = r->lmem_size ? r->lmem_size : p->lmem_size;
	if (r->lmem_size && !p->lmem_size)
		return bad("--lmem-size is for a platform with local memory");
	if (r->lmem_size % LMEM_ALIGN)
		return bad("--lmem-size is a multiple of 2 MiB");
	/* A platform that was asked for comes with all its GTs. */
	o->geometry.tiles = (uint8_t)(r->tiles ? r->tiles : r->platform ? p->tiles : 1);
	o->geometry.gts = (uint8_t)(r->gts ? r->gts : r->platform ? p->gts : 1);
	if (o->geometry.gts > p->gts || o->geometry.tiles > GUC_MAX_TILES)
		return bad("--gts: this platform has no media GT of its own");
	/* A real driver asks the media GuC whether there is a media GT (xe-vf-probe
	 * 3.3): one that is fused off answers, with GMD_ID 0. */
	if (r->vfio_user && o->geometry.gts < p->gts) {
		o->geometry.gts = p->gts;
		o->guc.gmd_id[1] = 0;
	}
	return CLI_RUN;
}

/* BAR 2 of a VF: a power of two that any fair share fits. */
static uint64_t aperture(uint64_t lmem, unsigned vfs)
{
	uint64_t bytes = lmem ? LMEM_ALIGN : 0;

	while (bytes && bytes < lmem / vfs)
		bytes *= 2;
	return bytes;
}

static int fill_faults(struct server_options *o, const struct raw *r)
{
	o->fault = fault_new(r->seed ? r->seed : fault_any_seed(), &o->geometry);
	if (!o->fault)
		return bad("out of memory");
	for (unsigned i = 0; i < r->faults.n; i++)
		if (!fault_take_file(o->fault, "gucemu serve", r->faults.item[i]))
			return CLI_BAD;
	for (unsigned i = 0; i < r->fault.n; i++)
		if (!fault_take_line(o->fault, "gucemu serve", r->fault.item[i]))
			return CLI_BAD;
	return CLI_RUN;
}

static int fill(struct server_options *o, const struct raw *r, char **argv, int argc)
{
	int level;

	memset(o, 0, sizeof(*o));
	guc_options_default(&o->guc);
	if (!r->socket)
		return bad("--socket PATH is needed");
	if (r->abi && !parse_abi(r->abi, &o->guc.abi_minor))
		return bad("--guc-abi is 1.0 to 1.28");
	if (r->ggtt_size % 4096 != 0 || r->ggtt_offset % 4096 != 0)
		return bad("GGTT sizes are multiples of 4096");
	if (r->overwrite && !r->record)
		return bad("--overwrite is for --record FILE");
	if (r->record && !*r->record)
		return bad("--record needs the name of a file");
	level = log_level_find(r->log);
	if (level < 0)
		return bad("--log is error, warn, notice, info or debug");
	if (!*r->name || strlen(r->name) > 32)
		return bad("--name is 1 to 32 characters");
	if (r->vfio_user && vfio_list_check(r->vfio_user, r->vfs))
		return bad(vfio_list_check(r->vfio_user, r->vfs));
	if (r->msix && !r->vfio_user)
		return bad("--msix is for --vfio-user");
	if (argc > 1) {
		cli_complain("gucemu serve", "'%s' is no option", argv[1]);
		return CLI_BAD;
	}
	if (r->ready_fd != UINT32_MAX && fcntl((int)r->ready_fd, F_GETFD) < 0)
		return bad("--ready-fd is no open descriptor");
	o->socket = r->socket;
	o->name = r->name;
	o->run = r->run;
	o->vfio_user = r->vfio_user;
	o->record = r->record;
	o->overwrite = r->overwrite;
	o->level = level;
	if (fill_platform(o, r) != CLI_RUN)
		return CLI_BAD;
	o->geometry.vfs = (uint8_t)r->vfs;
	o->pci = (struct pci_identity){
		.device = o->platform->devid,
		.revision = o->platform->revid,
		.bar2_bytes = aperture(o->guc.lmem_size, r->vfs),
		.msix = r->msix,
	};
	o->geometry.contexts = r->contexts;
	o->geometry.ggtt_size = r->ggtt_size;
	o->ggtt_offset = r->ggtt_offset;
	o->no_pf = r->no_pf;
	o->provision = r->no_pf ? 0 : r->provision < r->vfs ? r->provision : r->vfs;
	o->ready_fd = r->ready_fd == UINT32_MAX ? -1 : (int)r->ready_fd;
	o->snapshot_bytes = r->snapshots;
	o->guc.strict_resfix = r->strict;
	o->guc.no_drain = r->no_drain;
	o->guc.strict_detector = r->strict_detector;
	o->guc.gap_profile = r->gap_profile;
	o->guc.ggtt_tlb = r->ggtt_tlb;
	o->guc.ppgtt_tlb = r->ppgtt_tlb;
	return fill_faults(o, r);
}

int serve_options_parse(struct server_options *o, int argc, char **argv)
{
	struct raw r = {
		.name = "A",
		.log = "info",
		.vfs = 1,
		.contexts = 65535,
		.provision = GUC_MAX_VFS,
		.ready_fd = UINT32_MAX,
		.ggtt_size = 4ull << 30,
		.snapshots = SNAPSHOTS_BYTES,
	};
	const struct cli_option options[] = {
		{ "socket", CLI_STRING, "PATH", "Unix socket to listen at", &r.socket, 0, 0 },
		{ "vfs", CLI_UINT, "N", "VFs of the card (1)", &r.vfs, 1, GUC_MAX_VFS },
		{ "platform", CLI_STRING, "NAME", "what the card is: ptl, wcl, bmg, atsm, tgl, adlp",
		  &r.platform, 0, 0 },
		{ "gts", CLI_UINT, "N",
		  "GTs of a tile: 1, or 2 with a media GT (1, or those of --platform)", &r.gts, 1,
		  2 },
		{ "tiles", CLI_UINT, "N", "tiles (1, or those of --platform)", &r.tiles, 1,
		  GUC_MAX_TILES },
		{ "lmem-size", CLI_SIZE, "BYTES",
		  "local memory of a tile of a discrete card (that of --platform)", &r.lmem_size,
		  LMEM_ALIGN, 1ull << 40 },
		{ "guc-abi", CLI_STRING, "1.M", "VF ABI that the GuC offers (1.28)", &r.abi, 0, 0 },
		{ "name", CLI_STRING, "NAME", "name of the card in log lines (A)", &r.name, 0, 0 },
		{ "ggtt-size", CLI_SIZE, "BYTES", "GGTT of a tile (4G)", &r.ggtt_size,
		  16u << 20, 4ull << 30 },
		{ "ggtt-offset", CLI_SIZE, "BYTES",
		  "give VFs their GGTT ranges this much lower, so that two cards differ",
		  &r.ggtt_offset, 0, 4ull << 30 },
		{ "contexts", CLI_UINT, "N", "context ids of a GuC (65535)", &r.contexts, 1,
		  65535 },
		{ "no-pf", CLI_FLAG, NULL, "no built-in PF: one connects as function 0", &r.no_pf,
		  0, 0 },
		{ "provision", CLI_UINT, "N", "VFs that get a fair share at start (all)",
		  &r.provision, 0, GUC_MAX_VFS },
		{ "strict", CLI_FLAG, NULL, "refuse RESFIX messages outside a recovery", &r.strict,
		  0, 0 },
		{ "no-drain", CLI_FLAG, NULL, "pause without emptying the H2G rings", &r.no_drain,
		  0, 0 },
		{ "strict-detector", CLI_FLAG, NULL, "a missed fixup is a failed verdict",
		  &r.strict_detector, 0, 0 },
		{ "gap-profile", CLI_FLAG, NULL,
		  "the detector also looks where Linux 7.2 moves nothing", &r.gap_profile, 0, 0 },
		{ "ggtt-tlb", CLI_FLAG, NULL, "GGTT changes are seen after an invalidation only",
		  &r.ggtt_tlb, 0, 0 },
		{ "ppgtt-tlb", CLI_FLAG, NULL,
		  "changes of a context's page tables are seen after an invalidation only",
		  &r.ppgtt_tlb, 0, 0 },
		{ "vfio-user", CLI_STRING, "vf1=PATH,...",
		  "VFs that virtual machines attach to, each at a socket of its own",
		  &r.vfio_user, 0, 0 },
		{ "msix", CLI_FLAG, NULL, "give those VFs MSI-X: it changes what the driver does",
		  &r.msix, 0, 0 },
		{ "ready-fd", CLI_UINT, "FD", "write the ready line to this descriptor too",
		  &r.ready_fd, 1, 65535 },
		{ "run", CLI_STRING, "CMD",
		  "run a shell command with GUCEMU_SOCKET set; both end together", &r.run, 0, 0 },
		{ "record", CLI_STRING, "FILE",
		  "record everything that goes in and out of the card; see gucemu trace",
		  &r.record, 0, 0 },
		{ "overwrite", CLI_FLAG, NULL, "let --record replace a file", &r.overwrite, 0, 0 },
		{ "fault", CLI_LIST, "RULE",
		  "let the card misbehave by this rule; see gucemu fault list", &r.fault, 0, 0 },
		{ "faults", CLI_LIST, "FILE", "the same by the rules of a file, a line each",
		  &r.faults, 0, 0 },
		{ "seed", CLI_SIZE, "N", "of what rules do at random (any, printed)", &r.seed, 1,
		  INT64_MAX },
		{ "snapshots", CLI_SIZE, "BYTES", "what gucemu snapshot may keep in all (1G)",
		  &r.snapshots, 1ull << 20, 1ull << 40 },
		{ "log", CLI_STRING, "LEVEL", "error, warn, notice, info or debug (info)", &r.log, 0,
		  0 },
	};
	const struct cli_command command = {
		.name = "gucemu serve",
		.args = "--socket PATH [options]",
		.about = "run an emulated card on a Unix socket",
		.options = options,
		.options_n = sizeof(options) / sizeof(*options),
		.notes = "Ends at SIGTERM or SIGINT. With --run the exit status is the command's.\n",
	};
	enum cli_result result = cli_parse(&command, &argc, argv);

	return result == CLI_RUN ? fill(o, &r, argv, argc) : (int)result;
}
