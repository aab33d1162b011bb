/// A theme made ready for one colour depth: the style of every role on every ground, looked up by two small numbers.
package struct StyleTable: Equatable, Sendable {
    package let depth: ColorDepth
    /// `role * Ground.allCases.count + ground`.
    private let styles: [Style]

    init(depth: ColorDepth, style: (StyleRole, Ground) -> Style) {
        self.depth = depth
        styles = StyleRole.allCases.flatMap { role in Ground.allCases.map { style(role, $0) } }
    }

    package func style(_ role: StyleRole, on ground: Ground) -> Style {
        styles[Int(role.rawValue) * Ground.allCases.count + Int(ground.rawValue)]
    }

    package func style(of cell: Cell) -> Style { style(cell.role, on: cell.ground) }

    /// Every style in use, for a terminal that has to register colour pairs beforehand.
    package var distinctStyles: Set<Style> { Set(styles) }
}
