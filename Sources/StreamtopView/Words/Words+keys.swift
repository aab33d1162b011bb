/// What help and the bottom line say of keys.
extension Words {
    static let helpTitle = "Keys"
    static let helpFoot = "Esc closes"
    static let helpHelp = "this help, for the screen you are on"
    static let helpQuit = "quit"
    static let helpBack = "back; close; drop the cursor"
    static let helpOpen = "open the selected flow"
    static let helpMove = "down, up"
    static let helpPage = "a page up, down"
    static let helpHalfPage = "half a page"
    static let helpEnds = "first, last"
    static let helpTabs = "next, previous tab"
    static func helpPages(_ names: [String]) -> String { names.joined(separator: ", ") }
    static let helpFilter = "filter as you type; Tab completes"
    static let helpSearch = "find a text on this screen"
    static let helpSearchNext = "find the next one"
    static let helpEnded = "hide, show flows that have ended"
    static let helpGroups = "group by server, client or port"
    static let helpGroupNext = "group by the next: server, client, port"
    static let helpPause = "pause (a live capture goes on)"
    static let helpTheme = "choose a theme"
    static let helpWrite = "write the selected flow's packets"
    static let helpCopy = "copy the selected flow or verdict"
    static let helpRepaint = "paint the screen anew"
    static let helpSuspend = "to the shell; fg comes back"
    static let helpColumns = "choose columns and their order; keep the view"
    static let helpExport = "write the table to a file: text, CSV, JSON"
    static let helpSort = "choose the column to sort by"
    static let helpReverse = "reverse the order"
    static let helpSortStep = "sort by the column to the left, right"
    static let helpClearFilter = "clear the filter"
    static let helpPreview = "charts below the table, on tall screens"
    static let helpCursor = "move the time cursor through all charts"
    static let helpCursorFar = "move it ten steps"
    static let helpCursorEnds = "to the first moment; back to now"
    static let helpZoom = "less time, more time"
    static let helpNextFlow = "next, previous flow"
    static let helpSeek = "5 s back, on"
    static let helpSpeed = "slower, faster"
    static let helpStep = "one picture on (pauses)"
    static let helpRestart = "from the start"
    static let helpLoop = "loop on, off"

    static let hintHelp = "help"
    static let hintQuit = "quit"
    static let hintFilter = "filter"
    static let hintPause = "pause"
    static let hintSort = "sort"
    static let hintCursor = "cursor"
    static let hintZoom = "zoom"
    static let hintNextFlow = "next flow"
    static let hintSeek = "seek"
    static let hintSpeed = "speed"
    static let hintOpen = "open"
    static let hintBack = "back"

    static func helpScope(_ scope: KeyBinding.Scope) -> String {
        switch scope {
        case .everywhere: "Everywhere"
        case .flows: "Flows"
        case .flow: "Flow"
        case .list: "List"
        case .session: "Session"
        case .groups: "Groups"
        case .handshakes: "Handshakes"
        case .verdicts: "Verdicts"
        case .events: "Events"
        case .capture: "Capture"
        case .replay: "Replay"
        }
    }

    static let helpMouse = [
        "Mouse: click selects, double click opens, wheel scrolls;",
        "       headers sort, tabs switch, the bar seeks.",
    ]
    static let helpSignsTitle = "Signs"
    static let helpSigns = [
        "– not known   ≥ at least   ~ estimated   blank: does not apply",
        "✗ act   ! watch   i to know",
        "k M G are thousands, millions, …, of bytes as of bits",
        "in charts: × loss   r retransmission   0 zero window",
    ]
    static let helpFootMore = "j k scroll, Esc closes"
    static let helpFilterTitle = "Filter"
    static let helpFilterLines = [
        "rtt>50ms  queue>20ms  loss>1%  rate>1M  up> down> bytes> retrans> age>",
        "host:10.0.0.0/8  client: server: port:443  proto:tls  state:open  flow:12",
        "vlan:7  verdict:bufferbloat  severity:critical  any words   and or not ( )",
    ]
}
