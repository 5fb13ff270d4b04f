// SPDX-License-Identifier: GPL-2.0
/* Guest physical memory: slots, and reads and writes that must stay within one frame. */
#include "tap.h"

#include <errno.h>

#include <linux/limits.h>

#include "small_guest.h"

static struct small_guest guest;

static void start(void)
{
	guest_start(&guest, &spt_trap);
}

static void a_slot_overlaps_if_one_frame_does(void)
{
	start();
	CHECK_EQ(spt_slot_check(&guest.mmu, 9, GUEST_FRAMES - 1, 1), -EEXIST);
	CHECK_EQ(spt_slot_check(&guest.mmu, 9, 0, 1), -EEXIST);
	CHECK_EQ(spt_slot_check(&guest.mmu, 9, GUEST_LARGE_GFN - 1, 2), -EEXIST);
	CHECK_EQ(spt_slot_check(&guest.mmu, 9, 10, 2), -EEXIST);
	CHECK_EQ(spt_slot_check(&guest.mmu, 9, 0, GUEST_LARGE_GFN * 2), -EEXIST);
	guest_stop(&guest);
}

static void adjacent_slots_do_not_overlap(void)
{
	start();
	CHECK_EQ(spt_slot_check(&guest.mmu, 9, GUEST_FRAMES, 1), 0);
	CHECK_EQ(spt_slot_check(&guest.mmu, 9, GUEST_LARGE_GFN - 1, 1), 0);
	CHECK_EQ(spt_slot_check(&guest.mmu, 9, GUEST_LARGE_GFN + GUEST_LARGE_FRAMES, 1), 0);
	guest_stop(&guest);
}

static void a_slot_does_not_overlap_itself(void)
{
	start();
	CHECK_EQ(spt_slot_check(&guest.mmu, 0, 0, GUEST_FRAMES), 0);
	CHECK_EQ(spt_slot_check(&guest.mmu, 0, 0, GUEST_FRAMES * 2), 0);
	CHECK_EQ(spt_slot_check(&guest.mmu, 1, 0, 1), -EEXIST);
	guest_stop(&guest);
}

static void slots_run_out(void)
{
	struct spt_slot slot = { .npages = 1 };

	start();
	for (u32 id = 2; id < SPT_MAX_SLOTS; id++) {
		CHECK_EQ(spt_slot_check(&guest.mmu, id, 1000 + id, 1), 0);
		slot.id = id;
		slot.base = 1000 + id;
		spt_slot_add(&guest.mmu, &slot);
	}
	CHECK_EQ(spt_slot_check(&guest.mmu, SPT_MAX_SLOTS, 5000, 1), -EINVAL);
	CHECK_EQ(spt_slot_check(&guest.mmu, 5, 5000, 1), 0);
	spt_slot_by_id(&guest.mmu, 7)->npages = 0;
	CHECK(!spt_slot_by_id(&guest.mmu, 7), "a removed slot is found");
	CHECK_EQ(spt_slot_check(&guest.mmu, SPT_MAX_SLOTS, 5000, 1), 0);
	guest_stop(&guest);
}

static void a_frame_is_found_from_first_to_last(void)
{
	start();
	CHECK(guest_frame(&guest, 0) == &guest.slot.frames[0], "first");
	CHECK(guest_frame(&guest, GUEST_FRAMES - 1) == &guest.slot.frames[GUEST_FRAMES - 1],
	      "last");
	CHECK(!guest_frame(&guest, GUEST_FRAMES), "one past the last");
	CHECK(!guest_frame(&guest, GUEST_LARGE_GFN - 1), "one before the first");
	CHECK(!guest_frame(&guest, U64_MAX), "the highest number");
	guest_stop(&guest);
}

static void an_access_stays_within_one_frame(void)
{
	uint8_t buf[16] = { 1, 2, 3, 4, 5, 6, 7, 8 }, back[16];

	start();
	for (unsigned int len = 2; len <= 8; len++) {
		CHECK_EQ(spt_phys_write(&guest.cpu, 4096 - len, buf, len), 0);
		CHECK_EQ(spt_phys_read(&guest.mmu, 4096 - len, back, len), 0);
		CHECK(!memcmp(buf, back, len), "%u bytes read back", len);
		CHECK_EQ(spt_phys_write(&guest.cpu, 4096 - len + 1, buf, len), -EFAULT);
		CHECK_EQ(spt_phys_read(&guest.mmu, 4096 - len + 1, back, len), -EFAULT);
	}
	/* Also where the next frame exists, and where none does. */
	CHECK_EQ(spt_phys_read(&guest.mmu, GUEST_FRAMES * 4096ull, back, 1), -EFAULT);
	CHECK_EQ(spt_phys_write(&guest.cpu, U64_MAX, buf, 1), -EFAULT);
	guest_stop(&guest);
}

static void cmpxchg_of_every_size(void)
{
	start();
	for (unsigned int len = 1; len <= 8; len *= 2) {
		u64 mask = len == 8 ? ~0ull : (1ull << 8 * len) - 1;
		u64 value = 0x1122334455667788, old = value & mask, now = 0;

		CHECK_EQ(spt_phys_write(&guest.cpu, 0x1000, &value, 8), 0);
		CHECK_EQ(spt_phys_cmpxchg(&guest.cpu, 0x1000, &old, 0x99, len), 0);
		CHECK_EQ(spt_phys_read(&guest.mmu, 0x1000, &now, 8), 0);
		CHECK_EQ(now, (value & ~mask) | 0x99);
		old = 5;
		CHECK_EQ(spt_phys_cmpxchg(&guest.cpu, 0x1000, &old, 0x77, len), -EAGAIN);
		CHECK_EQ(old, 0x99);
		CHECK_EQ(spt_phys_read(&guest.mmu, 0x1000, &now, 8), 0);
		CHECK_EQ(now, (value & ~mask) | 0x99);
	}
	guest_stop(&guest);
}

static void cmpxchg_must_be_aligned(void)
{
	u64 old = 0;

	start();
	CHECK_EQ(spt_phys_cmpxchg(&guest.cpu, 0x1004, &old, 1, 8), -EINVAL);
	CHECK_EQ(spt_phys_cmpxchg(&guest.cpu, 0x1002, &old, 1, 4), -EINVAL);
	CHECK_EQ(spt_phys_cmpxchg(&guest.cpu, 0x1001, &old, 1, 2), -EINVAL);
	CHECK_EQ(spt_phys_cmpxchg(&guest.cpu, 0x1000, &old, 1, 3), -EINVAL);
	CHECK_EQ(spt_phys_cmpxchg(&guest.cpu, GUEST_FRAMES * 4096ull, &old, 1, 8), -EFAULT);
	guest_stop(&guest);
}

static void strategies_are_found_by_name_and_number(void)
{
	CHECK(spt_strategy_by_name("vtlb") == &spt_vtlb, "vtlb");
	CHECK(spt_strategy_by_name("trap") == &spt_trap, "trap");
	CHECK(!spt_strategy_by_name("nested"), "an unknown name is found");
	CHECK(!spt_strategy_by_name(""), "an empty name is found");
	CHECK(spt_strategy_by_id(SPT_STRATEGY_VTLB) == &spt_vtlb, "vtlb by number");
	CHECK(spt_strategy_by_id(SPT_STRATEGY_TRAP) == &spt_trap, "trap by number");
	CHECK(!spt_strategy_by_id(SPT_STRATEGY_DEFAULT), "the default is none");
	CHECK(!spt_strategy_by_id(~0u), "an unknown number is found");
}

int main(void)
{
	RUN(a_slot_overlaps_if_one_frame_does);
	RUN(adjacent_slots_do_not_overlap);
	RUN(a_slot_does_not_overlap_itself);
	RUN(slots_run_out);
	RUN(a_frame_is_found_from_first_to_last);
	RUN(an_access_stays_within_one_frame);
	RUN(cmpxchg_of_every_size);
	RUN(cmpxchg_must_be_aligned);
	RUN(strategies_are_found_by_name_and_number);
	return tap_done();
}
