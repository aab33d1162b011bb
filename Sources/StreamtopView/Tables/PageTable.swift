import StreamtopModel

/// A page behind a tab of the main screen: what it is called, what it draws, and what keys and clicks mean on it.
struct PageRow: Sendable {
    var page: Page
    var name: String
    /// Keys of its own are looked up there.
    var keys: KeyBinding.Place
    /// The filter acts on it.
    var isFiltered = true
    /// A number beside the name; 0 is left out.
    var count: @Sendable (Snapshot) -> Int = { _ in 0 }
    var draw: @Sendable (ViewContext, ViewState, PageLayout, inout CellBuffer) -> Void
    /// The flow that a key is about.
    var flow: @Sendable (ViewState, ViewContext) -> FlowIdentifier? = { _, _ in nil }
    /// What `c` copies, where that is not the flow.
    var copied: (@Sendable (ViewState, ViewContext) -> String?)?
    /// The tab of the flow's screen on which a flow is opened from here.
    var opens = FlowTab.charts
    /// Moves the selection, or the page where nothing is selected; the last is the number of rows of the screen.
    var move: @Sendable (Action.Movement, inout ViewState, ViewContext, Int) -> Void
    /// Selects what stands on a line of the content; false where nothing does.
    var select: @Sendable (_ line: Int, inout ViewState, ViewContext, Int) -> Bool = { _, _, _, _ in false }
    /// Keeps the selection on what there is, and on screen.
    var clip: @Sendable (inout ViewState, ViewContext, Int) -> Void = { _, _, _ in }
}

/// The pages, left to right; the first is on key 1. A new page is a new row.
enum PageTable {
    static let rows: [PageRow] = [
        FlowTable.page, HandshakesScreen.page, VerdictsScreen.page, EventsScreen.page, CaptureScreen.page,
    ]

    static subscript(page: Page) -> PageRow { rows[index(of: page)] }

    static func index(of page: Page) -> Int { rows.firstIndex { $0.page == page } ?? 0 }

    /// The page so many further on, round and round.
    static func page(_ steps: Int, from page: Page) -> Page {
        rows[(index(of: page) + steps % rows.count + rows.count) % rows.count].page
    }

    /// The names on the tabs.
    static func names(_ snapshot: Snapshot) -> [String] {
        rows.map { row in
            let count = row.count(snapshot)
            return count > 0 ? "\(row.name) \(count)" : row.name
        }
    }

    /// The keys 1, 2, 3 …
    static let keys: [KeyBinding] = rows.prefix(9).enumerated().map { index, row in
        let numbers = (1...min(9, rows.count)).map { String($0) }.joined(separator: " ")
        return KeyBinding(
            [.character(Character("\(index + 1)"))], .page(row.page), .everywhere, index == 0 ? numbers : "",
            index == 0 ? Words.helpPages : nil)
    }
}
