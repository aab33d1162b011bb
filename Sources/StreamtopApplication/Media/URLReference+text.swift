import StreamtopWire

extension URLReference {
    /// As one line, for people; queries may hold tokens and are left out.
    var text: String {
        var text = ""
        if let scheme { text += scheme + "://" }
        return text + (authority ?? "") + path
    }
}
