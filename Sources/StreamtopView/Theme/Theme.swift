/// The looks of every role and ground, before they are brought down to what a terminal can do.
package struct Theme: Equatable, Sendable {
    package var name: String
    /// One sentence for the list of themes.
    package var summary: String
    var roles: [StyleRole: Style]
    var grounds: [Ground: Style]

    /// The theme for terminals of the given depth.
    package func styles(depth: ColorDepth) -> StyleTable {
        StyleTable(depth: depth) { role, ground in
            let front = roles[role] ?? Style()
            let back = grounds[ground] ?? Style()
            // A role with a background of its own keeps it on every ground: a severity badge stays a badge.
            let background = front.background != .default ? front.background : back.background
            return Style(
                foreground: front.foreground, background: background,
                attributes: front.attributes.union(back.attributes))
        }
    }

    /// The compiled-in default.
    package static let builtin = Theme(name: "streamtop-dark", summary: "", roles: [:], grounds: [:])
}
