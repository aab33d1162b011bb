/// A line of tabs: ` 5 Flows ─ 7 Verdicts 3 ─ 8 Events `.
enum TabBar {
    /// The tabs that have room, with their keys where there is room for those, too.
    struct Tabs<Name: Equatable> {
        struct Tab {
            var name: Name
            var text: String
            /// Columns, counted from the bar's left end.
            var range: Range<Int>
        }

        private(set) var tabs: [Tab] = []
        private(set) var active: Name
        /// Some have no room on that end.
        private(set) var isCutLeft = false
        private(set) var isCutRight = false

        /// - Parameters:
        ///   - names: each with the digit that is its key.
        ///   - width: columns that the tabs may take.
        init(_ names: [(name: Name, digit: Int?, text: String)], active: Name, width: Int) {
            self.active = active
            let plain = names.map { (name: $0.name, text: $0.text) }
            let numbered = names.map { (name: $0.name, text: ($0.digit.map { "\($0) " } ?? "") + $0.text) }
            if Self.width(of: numbered[...]) <= width {
                append(numbered[...])
                return
            }
            var displayed = plain[...]
            // The open one stays in sight; those furthest from it leave.
            while Self.width(of: displayed) + 2 > width, displayed.count > 1 {
                let open = displayed.firstIndex { $0.name == active } ?? displayed.startIndex
                if displayed.endIndex - 1 - open >= open - displayed.startIndex {
                    displayed = displayed.dropLast()
                    isCutRight = true
                } else {
                    displayed = displayed.dropFirst()
                    isCutLeft = true
                }
            }
            append(displayed)
        }

        private mutating func append(_ names: ArraySlice<(name: Name, text: String)>) {
            var x = 1
            for (name, text) in names {
                let range = x..<(x + TextWidth.columns(of: text) + 2)
                tabs.append(Tab(name: name, text: text, range: range))
                x = range.upperBound + 1
            }
        }

        private static func width(of names: ArraySlice<(name: Name, text: String)>) -> Int {
            names.reduce(1) { $0 + TextWidth.columns(of: $1.text) + 3 }
        }

        /// The first column behind them.
        var end: Int { tabs.last?.range.upperBound ?? 0 }

        func name(atColumn x: Int) -> Name? { tabs.first { $0.range.contains(x) }?.name }
    }

    /// Draws the tabs over a rule that fills the line, and returns the first column behind them.
    @discardableResult
    static func draw<Name>(_ tabs: Tabs<Name>, in area: Rect, into cells: inout CellBuffer) -> Int {
        cells.fill(area, "─", .border)
        for tab in tabs.tabs {
            cells.put(
                " \(tab.text) ", x: area.x + tab.range.lowerBound, y: area.y,
                tab.name == tabs.active ? .tabActive : .tab)
        }
        if tabs.isCutLeft { cells.set("‹", x: area.x, y: area.y, .accent) }
        if tabs.isCutRight { cells.set("›", x: area.x + tabs.end, y: area.y, .accent) }
        return area.x + tabs.end
    }
}
