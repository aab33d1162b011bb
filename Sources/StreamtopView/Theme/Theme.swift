/// The looks of every role and ground, before they are brought down to what a terminal can do.
package struct Theme: Equatable, Sendable {
    package var name: String
    /// One sentence for the list of themes.
    package var summary: String
    var roles: [StyleRole: Style] = [:]
    var grounds: [Ground: Style] = [:]

    /// A theme without any colour; what remains when nothing else can be had.
    package static let plain = Theme(name: "plain", summary: "")

    package var listing: ThemeListing { ThemeListing(name: name, summary: summary) }

    /// The theme made ready for a terminal of the given depth.
    ///
    /// Meaning survives every depth: where the colours of a chosen row or of a severity are lost, attributes carry it.
    package func styles(depth: ColorDepth) -> StyleTable {
        StyleTable(depth: depth) { role, ground in style(role, on: ground, depth: depth) }
    }

    private func style(_ role: StyleRole, on ground: Ground, depth: ColorDepth) -> Style {
        let front = roles[role] ?? Style()
        let back = grounds[ground] ?? Style()
        let screen = grounds[.screen] ?? Style()
        // A role with a background of its own keeps it on every ground: a severity stays visible in a selected row.
        let chosen = front.background != .default ? front.background : back.background
        let background = (chosen != .default ? chosen : screen.background).reduced(to: depth)
        var foreground = front.foreground != .default ? front.foreground : back.foreground
        if foreground == .default { foreground = screen.foreground }
        foreground = foreground.reduced(to: depth)
        var attributes = front.attributes.union(back.attributes)

        switch depth {
        case .mono:
            attributes.formUnion(role.monoAttributes)
            // What is reversed already stands out of a reversed row by not being so.
            attributes.formSymmetricDifference(ground.monoAttributes)
        case .palette16, .palette8:
            if ground.isChoice, front.background == .default,
                back.background.reduced(to: depth) == screen.background.reduced(to: depth)
            {
                attributes.insert(.reverse)
            }
        case .trueColor, .palette256:
            break
        }
        if depth == .palette16 || depth == .palette8 {
            foreground = clear(foreground, on: background, depth: depth)
            // Black or white is all the grey there is; quiet roles take less of it.
            if foreground == .indexed(0) || foreground == .indexed(7), role.monoAttributes.contains(.dim),
                !attributes.contains(.reverse)
            {
                attributes.insert(.dim)
            }
        } else if foreground == background, foreground != .default {
            foreground = screen.foreground.reduced(to: depth)
        }
        return Style(foreground: foreground, background: background, attributes: attributes)
    }

    /// The foreground if it can be told from the background on every terminal, else one that can.
    ///
    /// What the sixteen look like is the user's business. Dark grey (8) is black on many screens, and plain blue (4) is
    /// so dark on most that it cannot be read on black.
    private func clear(_ foreground: Color, on background: Color, depth: ColorDepth) -> Color {
        guard case .indexed(let index) = foreground else { return foreground }
        let behind: UInt8 = if case .indexed(let index) = background { index } else { 0 }
        if index == behind || index == 8 || index % 8 == behind % 8 { return readable(on: .indexed(behind)) }
        if index == 4, behind == 0 || behind == 8 { return .indexed(depth == .palette8 ? 6 : 12) }
        return foreground
    }

    /// Black or white, whichever shows on one of the sixteen colours.
    private func readable(on background: Color) -> Color {
        guard case .indexed(let index) = background else { return .default }
        let value = XtermPalette.value(of: index)
        let isBright = 3 * Int(value.red) + 6 * Int(value.green) + Int(value.blue) > 1_275
        return .indexed(isBright ? 0 : 7)
    }
}
