#!/usr/bin/env python3
"""Turns a terminal screen (text with SGR escapes, as `tmux capture-pane -p -e` prints it) into an SVG picture.

Braille and block characters are drawn as shapes, so that the picture looks the same whatever fonts the viewer has.
Usage: svg.py WIDTH HEIGHT < screen > picture.svg
"""
import re
import sys
from html import escape

CELL_W, CELL_H, SIZE = 8.4, 17, 14
BASE = ["#1b1f27", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#c8ccd4",
        "#5c6370", "#ef7f88", "#a9d38a", "#f0cf8e", "#74bdfb", "#d58ee8", "#6bc8d3", "#ffffff"]
FOREGROUND, BACKGROUND = "#c8ccd4", "#14171d"
BRAILLE_DOTS = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]


def indexed(number):
    if number < 16:
        return BASE[number]
    if number < 232:
        number -= 16
        level = [0, 95, 135, 175, 215, 255]
        return "#%02x%02x%02x" % (level[number // 36], level[number // 6 % 6], level[number % 6])
    grey = 8 + 10 * (number - 232)
    return "#%02x%02x%02x" % (grey, grey, grey)


class Style:
    def __init__(self):
        self.reset()

    def reset(self):
        self.fg = self.bg = None
        self.bold = self.dim = self.italic = self.underline = self.reverse = False

    def apply(self, codes):
        codes = [int(c) if c else 0 for c in codes.replace(":", ";").split(";")] or [0]
        while codes:
            code = codes.pop(0)
            if code == 0: self.reset()
            elif code == 1: self.bold = True
            elif code == 2: self.dim = True
            elif code == 3: self.italic = True
            elif code == 4: self.underline = True
            elif code == 7: self.reverse = True
            elif code == 22: self.bold = self.dim = False
            elif code == 23: self.italic = False
            elif code == 24: self.underline = False
            elif code == 27: self.reverse = False
            elif 30 <= code <= 37: self.fg = BASE[code - 30]
            elif 90 <= code <= 97: self.fg = BASE[code - 82]
            elif code == 39: self.fg = None
            elif 40 <= code <= 47: self.bg = BASE[code - 40]
            elif 100 <= code <= 107: self.bg = BASE[code - 92]
            elif code == 49: self.bg = None
            elif code in (38, 48) and codes:
                kind = codes.pop(0)
                colour = None
                if kind == 5 and codes:
                    colour = indexed(codes.pop(0))
                elif kind == 2 and len(codes) >= 3:
                    colour = "#%02x%02x%02x" % tuple(codes[:3])
                    del codes[:3]
                if code == 38: self.fg = colour
                else: self.bg = colour

    def colours(self):
        fg, bg = self.fg or FOREGROUND, self.bg or BACKGROUND
        return (bg, fg) if self.reverse else (fg, bg)


def cells(line, style):
    """The cells of a line. A style holds on into the next line until it is changed: tmux does not repeat it."""
    out = []
    for part in re.split(r"(\x1b\[[0-9;:]*m)", line):
        if part.startswith("\x1b["):
            style.apply(part[2:-1])
        else:
            for char in part:
                out.append((char, *style.colours(), style.bold, style.dim, style.underline))
    return out


def shape(char, x, y, colour):
    code = ord(char)
    if 0x2800 < code <= 0x28ff:
        dots = ""
        for bit, (column, row) in enumerate(BRAILLE_DOTS):
            if (code - 0x2800) >> bit & 1:
                dots += '<circle cx="%.1f" cy="%.1f" r="1.25"/>' % (x + CELL_W * (0.28 + 0.44 * column), y + CELL_H * (0.14 + 0.24 * row))
        return '<g fill="%s">%s</g>' % (colour, dots)
    box = None
    if 0x2581 <= code <= 0x2588:
        part = (code - 0x2580) / 8
        box = (x, y + CELL_H * (1 - part), CELL_W, CELL_H * part)
    elif 0x2589 <= code <= 0x258f:
        box = (x, y, CELL_W * (0x2590 - code) / 8, CELL_H)
    elif code == 0x2590:
        box = (x + CELL_W / 2, y, CELL_W / 2, CELL_H)
    elif code == 0x2595:
        box = (x + CELL_W * 7 / 8, y, CELL_W / 8, CELL_H)
    elif 0x2591 <= code <= 0x2593:
        return '<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s" opacity="%.2f"/>' % (x, y, CELL_W, CELL_H, colour, (code - 0x2590) / 4)
    elif code == 0x2500:
        box = (x, y + CELL_H / 2 - 0.5, CELL_W, 1)
    elif code == 0x2502:
        box = (x + CELL_W / 2 - 0.5, y, 1, CELL_H)
    if box:
        return '<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>' % (*box, colour)
    return None


def main():
    width, height = int(sys.argv[1]), int(sys.argv[2])
    lines = sys.stdin.read().split("\n")[:height]
    style = Style()
    rows = [cells(line, style) for line in lines]
    # What lies behind most of the screen lies behind the picture: no boxes around the text.
    grounds = [cell[2] for row in rows for cell in row]
    ground = max(set(grounds), key=grounds.count) if grounds else BACKGROUND
    w, h = width * CELL_W + 24, height * CELL_H + 24
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f">' % (w, h, w, h),
           '<rect width="100%%" height="100%%" rx="8" fill="%s"/>' % ground,
           '<g transform="translate(12 12)" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="%d" xml:space="preserve">' % SIZE]
    for row, line in enumerate(rows):
        y = row * CELL_H
        # One box behind neighbours of one colour.
        start = 0
        for column in range(len(line) + 1):
            if column < len(line) and line[column][2] == line[start][2]:
                continue
            if start < len(line) and line[start][2] != ground:
                out.append('<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>' % (start * CELL_W, y, (column - start) * CELL_W, CELL_H, line[start][2]))
            start = column
        for column, (char, fg, bg, bold, dim, underline) in enumerate(line):
            x = column * CELL_W
            if char == " ":
                continue
            drawn = shape(char, x, y, fg)
            if drawn is None:
                extra = (' font-weight="bold"' if bold else "") + (' opacity="0.65"' if dim else "") + (' text-decoration="underline"' if underline else "")
                drawn = '<text x="%.1f" y="%.1f" fill="%s"%s>%s</text>' % (x, y + CELL_H * 0.76, fg, extra, escape(char))
            out.append(drawn)
    out.append("</g></svg>")
    print("\n".join(out))


main()
