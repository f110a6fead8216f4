"""What can be seen and heard of a part of a page: its focus ring, its layout, and what axe and a screen reader find."""

import re

from axe_playwright_python.sync_playwright import Axe

FOCUS = """() => {
    const at = document.activeElement, look = getComputedStyle(at), box = at.getBoundingClientRect();
    const ring = look.outlineStyle === 'none' ? 0 : parseFloat(look.outlineWidth);
    const out = ring + parseFloat(look.outlineOffset), grounds = [];
    let clipped = false;
    for (let up = at.parentElement; up; up = up.parentElement) {
        const around = up.getBoundingClientRect(), { overflow, backgroundColor } = getComputedStyle(up);
        const beside = [box.x - around.x, box.y - around.y, around.right - box.right, around.bottom - box.bottom];
        const holds = Math.min(...beside);
        if (holds >= out && !backgroundColor.endsWith(', 0)')) grounds.push(backgroundColor);
        clipped ||= holds < out && overflow !== 'visible' && !!up.closest('.lab');
    }
    return { ring, clipped, colours: [look.outlineColor, grounds[0]], inside: !!at.closest('.lab') };
}"""

MESS = """(part) => {
    const root = document.querySelector(part), wrong = [], pen = document.createElement('canvas').getContext('2d');
    const box = (e) => e.getBoundingClientRect();
    const all = (selector, from = root) => [...from.querySelectorAll(selector)].filter(
        (e) => e.getClientRects().length && !e.closest('[role=status], style, script, option'));
    const says = (e) => [...e.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const note = (what, e, ...more) => wrong.push([what, (e.value || e.textContent || e.className).trim(), ...more]);
    const apart = (list) => list.forEach((a, i) => list.slice(i + 1).forEach((b) => {
        const width = Math.min(box(a).right, box(b).right) - Math.max(box(a).x, box(b).x);
        const height = Math.min(box(a).bottom, box(b).bottom) - Math.max(box(a).y, box(b).y);
        if (width > 1 && height > 1 && !a.contains(b) && !b.contains(a)) note('overlaps', a, b.textContent || b.value);
    }));
    const controls = 'input:not([type=checkbox]), select, textarea, button, .noUi-handle, .lab-picture';
    const words = all('*').filter((e) => says(e) && !e.closest('svg, .lab-rows, code'));
    const unscrolled = all(controls).filter((e) => !e.closest('.lab-rows'));
    apart([...unscrolled, ...words.filter((e) => !e.closest(controls))]);
    for (const e of [...words, ...all('input')])
        if (getComputedStyle(e).display !== 'inline' && e.scrollWidth > e.clientWidth + 1) note('is cut', e);
    for (const menu of all('select')) {
        const { font, paddingLeft, paddingRight } = getComputedStyle(menu);
        pen.font = font;
        const room = menu.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
        for (const option of menu.options) if (pen.measureText(option.text).width > room) note('is cut', option);
    }
    for (const picture of all('.lab-picture')) {
        const frame = box(picture), texts = all('text', picture);
        apart(texts);
        for (const e of texts)
            if (box(e).x < frame.x - 1 || box(e).right > frame.right + 1 || box(e).y < frame.y - 1
                || box(e).bottom > frame.bottom + 1) note('is cut', e);
        for (const { viewBox, clientWidth, clientHeight } of all('svg', picture))
            if (Math.abs(clientWidth / viewBox.baseVal.width - clientHeight / viewBox.baseVal.height) > 0.01
                || Math.abs(clientWidth - frame.width) > 1) note('is out of shape', picture);
    }
    for (let up = root; !up.matches('.jp-Notebook'); up = up.parentElement)
        if (up.scrollWidth > up.clientWidth) note('is too wide', up, up.scrollWidth, up.clientWidth);
    return wrong;
}"""

SMALL = """([part, least]) => [...document.querySelector(part).querySelectorAll('*')].flatMap((e) => {
    const own = [...e.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!own || !e.getClientRects().length) return [];
    const { a, b } = e.ownerSVGElement ? e.getScreenCTM() : { a: 1, b: 0 };
    const pixels = parseFloat(getComputedStyle(e).fontSize) * Math.hypot(a, b) * devicePixelRatio;
    return pixels < least ? [`${pixels.toFixed(1)} px: ${e.textContent.trim()}`] : [];
})"""


def focused(page):
    """Return what has the focus, as a screen reader is told: its role, name and value, and what its ring looks like."""
    session = page.context.new_cdp_session(page)
    at = session.send("Runtime.evaluate", {"expression": "document.activeElement"})["result"]["objectId"]
    node = session.send("Accessibility.getPartialAXTree", {"objectId": at, "fetchRelatives": False})["nodes"][0]
    session.detach()
    said = {key: str(node.get(key, {}).get("value", "")) for key in ("role", "name", "value")}
    return said | page.evaluate(FOCUS)


def contrast(colours):
    """Return the contrast of two CSS colours, from 1 to 21: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    light = []
    for colour in colours:
        parts = [float(part) / 255 for part in re.findall(r"[\d.]+", colour)[:3]]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        light.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    return (max(light) + 0.05) / (min(light) + 0.05)


def audit(page, part):
    """Return what axe finds in a part of the page: the rule, how bad it is, and where."""
    found = Axe().run(page, context=part).response
    assert {"color-contrast", "label"} & {rule["id"] for rule in found["passes"]}, "nothing was looked at"
    return [(rule["id"], rule["impact"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]]


def resize(page, width, height, scale):
    """Show a page in a window of another size, and zoomed; wait until the layout has come to rest."""
    session = page.context.new_cdp_session(page)
    size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
    session.send("Emulation.setDeviceMetricsOverride", size)
    page.wait_for_function(f"innerWidth === {width} && devicePixelRatio === {scale}")
    page.evaluate("""async () => {
        const sizes = () => [...document.querySelectorAll('.jp-Notebook, .lab, .lab-picture')].map(
            (e) => Object.values(e.getBoundingClientRect().toJSON())).join();
        for (let was = '', calm = 0; calm < 5; calm = was === sizes() ? calm + 1 : 0, was = sizes())
            await new Promise(requestAnimationFrame);
    }""")
