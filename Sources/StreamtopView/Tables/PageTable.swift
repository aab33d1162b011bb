import StreamtopModel

/// A page behind a tab of the main screen: what it is called, what it draws, and what keys and clicks mean on it.
struct PageRow: Sendable {
    var page: Page
    var name: String
    /// The key that leads there; nil for a page that only tabs lead to.
    var digit: Int?
    /// Keys of its own are looked up there.
    var keys: KeyBinding.Scope
    /// The filter acts on it.
    var isFiltered = true
    /// A number beside the name; 0 is left out.
    var count: @Sendable (Snapshot) -> Int = { _ in 0 }
    /// There is something on it; else it has no tab.
    var isPresent: @Sendable (Snapshot) -> Bool = { _ in true }
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
    /// What Enter does, where it opens no flow.
    var enter: (@Sendable (inout ViewState, ViewContext) -> Void)?
    /// The first line, where the page has one of its own.
    var headline: @Sendable (ViewState, ViewContext) -> HeadlineView? = { _, _ in nil }
}

/// The pages, left to right. A new page is a new row.
enum PageTable {
    static let rows: [PageRow] = [
        LiveScreen.page, SessionsScreen.page, CallsScreen.page, StreamsScreen.page,
        FlowsScreen.page, HandshakesScreen.page, VerdictsScreen.page, EventsScreen.page, CongestionScreen.page,
        GroupsScreen.page, LadderScreen.page, SocketsScreen.page, CaptureScreen.page,
    ]

    static subscript(page: Page) -> PageRow { rows[index(of: page)] }

    static func index(of page: Page) -> Int { rows.firstIndex { $0.page == page } ?? 0 }

    /// Pages with something on them, and the one that is open.
    static func present(_ snapshot: Snapshot, _ open: Page) -> [PageRow] {
        rows.filter { $0.page == open || $0.isPresent(snapshot) }
    }

    /// The page so many further on, round and round.
    static func page(_ steps: Int, from page: Page, _ snapshot: Snapshot) -> Page {
        let rows = present(snapshot, page)
        let now = rows.firstIndex { $0.page == page } ?? 0
        return rows[(now + steps % rows.count + rows.count) % rows.count].page
    }

    /// The tabs of the bar.
    static func tabs(_ snapshot: Snapshot, _ open: Page, width: Int) -> TabBar.Tabs<Page> {
        let rows = present(snapshot, open)
        return TabBar.Tabs(
            rows.map { row in
                let count = row.count(snapshot)
                return (row.page, row.digit, count > 0 ? "\(row.name) \(count)" : row.name)
            }, active: open, width: width)
    }

    /// The keys 1, 2, 3 …
    static let keys: [KeyBinding] = {
        let withDigit = rows.filter { $0.digit != nil }.sorted { ($0.digit ?? 0) < ($1.digit ?? 0) }
        let digits = withDigit.map { String($0.digit ?? 0) }
        return withDigit.enumerated().map { index, row in
            KeyBinding(
                [.character(Character(digits[index]))], .page(row.page), .everywhere,
                index == 0 ? "\(digits.first ?? "") … \(digits.last ?? "")" : "",
                index == 0 ? Words.helpPages(withDigit.map(\.name)) : nil)
        }
    }()
}
