"""vmm inspect: guest tables, and on shadowpt the shadow tables beside them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest
from vmm_runs import GUESTS, last_line

REGION = "00000080c0a"  # where the scene of the pagetables guest lives


def rows(accelerator, stop: str) -> dict[str, str]:
    """Rows of the text form, by guest virtual address (the lowest level wins)."""
    result = accelerator.run(GUESTS / "pagetables.elf", "0", options=["--at", stop], verb="inspect")
    assert result.returncode == 0, result.stderr
    found = {}
    for line in result.stdout.decode().splitlines():
        match = re.match(r" *(?:P\w+\[|pieces? ).* ([0-9a-f]{16})  (.*)$", line)
        if match:
            found[match.group(1)] = line
    return found


def test_guest_tables_are_shown_with_their_bits(accelerator):
    table = rows(accelerator, "2")

    assert re.search(r"PT\[2\.\.3\] .* WUXA--  2 x 4K page, from 0x", table[REGION + "02000"])
    assert re.search(r"PT\[4\.\.7\] .* WUX---  4 x 4K page, from 0x", table[REGION + "04000"])
    assert re.search(r"PT\[16\] .* -UXAD-  4K page", table[REGION + "10000"])
    assert re.search(r"PT\[17\] .* WU-A--  4K page", table[REGION + "11000"])


def test_labels_are_different_moments(accelerator):
    before, after, edited = (rows(accelerator, stop) for stop in "123")

    assert "WUX---" in before[REGION + "00000"]
    assert "WUXAD-" in after[REGION + "00000"]
    assert "PT[2..3]" not in edited.get(REGION + "02000", "")
    assert "PT[3]" in edited[REGION + "03000"]


def test_first_label_is_the_default(accelerator):
    result = accelerator.run(GUESTS / "pagetables.elf", "0", verb="inspect")

    assert b"at stop 1" in result.stdout.splitlines()[0]


def test_halt_shows_the_end(accelerator, assemble):
    result = accelerator.run(assemble("out %al, $0xf5; mov $5, %al; out %al, $0xf4"), options=["--halt"], verb="inspect")

    assert result.returncode == 0
    assert b"at its end" in result.stdout.splitlines()[0]


def test_instruction_at_the_stop_is_complete(accelerator, assemble):
    """What the guest wrote before the stop is in the tables that are shown."""
    result = accelerator.run(assemble("movq $0x3003, (0x3ff8); mov $7, %al; out %al, $0xf5; 1: jmp 1b"),
                             options=["--at", "7"], verb="inspect")

    assert result.returncode == 0
    assert re.search(rb"PML4\[511\] +ff+8000000000 .*PDPT at 0x3000, this table again: recursive", result.stdout)


def test_console_of_the_guest_goes_to_stderr(accelerator):
    result = accelerator.run(GUESTS / "pagetables.elf", "0", options=["--at", "3"], verb="inspect")

    assert b"TAP version 13" in result.stderr
    assert b"TAP" not in result.stdout


@pytest.mark.parametrize("name, options", [("out.svg", []), ("out", ["--format", "svg"])])
def test_svg_is_well_formed_and_complete(accelerator, tmp_path, name, options):
    file = tmp_path / name
    result = accelerator.run(GUESTS / "pagetables.elf", "0", options=["--at", "2", "-o", str(file), *options],
                             verb="inspect")

    assert result.returncode == 0 and result.stdout == b""
    root = ElementTree.parse(file).getroot()
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "guest page tables" in texts and "shadow page tables" in texts
    assert "PT[16]" in texts and "PML4[255]" in texts


def test_guest_garbage_is_drawn_not_followed(accelerator, assemble):
    result = accelerator.run(assemble("""
        movabs $0xffffffffff003, %rax       # a table where there is no memory
        mov %rax, (0x3800)
        movq $0x3003, (0x3808)              # the PML4 again
        movq $0x40000083, (0x5ff8)          # a page beyond memory
        out %al, $0xf5
    """), verb="inspect")

    text = result.stdout.decode()
    assert result.returncode == 0
    assert re.search(r"PML4\[256\] +ffff800000000000 .*table outside memory", text)
    assert re.search(r"PML4\[257\] .*this table again: recursive", text)
    assert re.search(r"PD\[511\] .*2M page 0x40000000, no memory there", text)


def test_runs_are_folded_by_shape(accelerator, assemble):
    result = accelerator.run(assemble("""
        mov $0x40000083, %eax
        mov %rax, (0x5fe0)
        mov %rax, (0x5fe8)
        mov %rax, (0x5ff0)
        out %al, $0xf5
    """), verb="inspect")

    text = result.stdout.decode()
    assert re.search(r"PD\[1\.\.31\] .*31 x 2M page, from 0x200000", text)
    assert re.search(r"PD\[508\.\.510\] .*3 x 2M page, all at 0x40000000, no memory there", text)
    assert re.search(r"PD\[511\] .*2M page 0x3fe00000, no memory there", text)


def test_label_that_never_comes_is_an_error(accelerator, assemble):
    result = accelerator.run(assemble("hlt"), options=["--at", "3"], verb="inspect")

    assert result.returncode == 125
    assert last_line(result.stderr) == "vmm: cannot stop the guest: label 3: it ended without reaching it"


def test_a_guest_in_trouble_is_reported(accelerator, assemble):
    result = accelerator.run(assemble("ud2"), verb="inspect")

    assert result.returncode == 111
    assert result.stdout == b""


def test_kvm_has_no_shadow_view(kvm):
    result = kvm.run(GUESTS / "pagetables.elf", "0", verb="inspect")

    assert b"no shadow tables: this accelerator does not show any" in result.stdout


def test_nothing_is_filled_before_use(shadowpt):
    table = rows(shadowpt, "1")

    assert table[REGION + "00000"].endswith("| not filled yet")


def test_shadow_differs_for_the_reasons_it_should(shadowpt):
    table = rows(shadowpt, "2")

    assert re.search(r"\| WUX same$", table[REGION + "00000"])
    assert re.search(r"\| -UX read-only: guest D is clear$", table[REGION + "02000"])
    assert re.search(r"\| not filled yet$", table[REGION + "04000"])
    assert re.search(r"\| W-X kernel only: CR0.WP=0 write$", table[REGION + "10000"])
    assert re.search(r"\| -U- read-only: guest D is clear$", table[REGION + "11000"])
    if shadowpt.strategy == "trap":
        assert re.search(r"\| --X read-only: it is a page table$", table[REGION + "20000"])
    assert re.search(r"pieces 0\.\.2 .*\| W-- same$", table["00000080c0c00000"])


def test_edit_without_flush(shadowpt):
    """vtlb keeps the old translation until INVLPG, as a TLB does; trap has followed at once."""
    table = rows(shadowpt, "3")

    if shadowpt.strategy == "vtlb":
        assert "stale" in table[REGION + "02000"]
        assert "stale" in table[REGION + "03000"]
    else:
        assert REGION + "02000" not in table
        assert "stale" not in table[REGION + "03000"]
