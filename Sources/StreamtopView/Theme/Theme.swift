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
        case .palette16:
            if ground.isChoice, front.background == .default,
                back.background.reduced(to: depth) == screen.background.reduced(to: depth)
            {
                attributes.insert(.reverse)
            }
        case .trueColor, .palette256:
            break
        }
        if foreground == background, foreground != .default {
            foreground = depth == .palette16 ? readable(on: background) : screen.foreground.reduced(to: depth)
        }
        return Style(foreground: foreground, background: background, attributes: attributes)
    }

    /// Black or white, whichever shows on one of the sixteen colours.
    private func readable(on background: Color) -> Color {
        guard case .indexed(let index) = background else { return .default }
        let value = XtermPalette.value(of: index)
        let isBright = 3 * Int(value.red) + 6 * Int(value.green) + Int(value.blue) > 1_275
        return .indexed(isBright ? 0 : 7)
    }
}
