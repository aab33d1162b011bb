import StreamtopCapture
import StreamtopExport
import StreamtopModel
import StreamtopView

extension ThemeShelf {
    /// `--list-themes`: name and one sentence, one a line.
    var text: String {
        let listings = listings
        let width = listings.map { TextWidth.columns(of: $0.name) }.max() ?? 0
        return listings.map { listing in
            let gap = String(repeating: " ", count: width - TextWidth.columns(of: listing.name) + 2)
            return "\(listing.name)\(gap)\(listing.summary)\n"
        }.joined()
    }
}

/// `--print-keys`.
enum KeyList {
    static var text: String { KeyTableText.text }
}

/// `-D`.
enum InterfaceReport {
    static func print(json: Bool) throws(ProgramFailure) -> ExitStatus {
        throw ProgramFailure(.interface, "interfaces cannot be listed yet")
    }
}
