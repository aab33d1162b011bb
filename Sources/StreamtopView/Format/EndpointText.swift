import StreamtopBase
import StreamtopModel

/// An end of a flow, cut so that what tells ends apart stays: the port, and both ends of the address.
enum EndpointText {
    static func full(_ end: EndpointSnapshot) -> String {
        guard let name = end.name, !name.isEmpty else { return text(end.endpoint) }
        return end.endpoint.port == 0 ? name : "\(name):\(end.endpoint.port)"
    }

    static func text(_ endpoint: Endpoint) -> String {
        endpoint.port == 0 ? endpoint.address.description : endpoint.description
    }

    static func fitted(_ end: EndpointSnapshot, width: Int) -> String {
        let whole = full(end)
        guard TextWidth.columns(of: whole) > width else { return whole }
        let port = end.endpoint.port == 0 ? "" : ":\(end.endpoint.port)"
        let name = end.name.flatMap { $0.isEmpty ? nil : $0 }
        let nameWidth = width - port.utf8.count
        guard nameWidth >= 7 else { return whole }
        // Of an IPv4 address the last numbers tell ends apart.
        if name == nil, end.endpoint.address.isIPv4 {
            return "…" + end.endpoint.address.description.suffix(nameWidth - 1) + port
        }
        guard name == nil, !port.isEmpty else {
            return middleCut(name ?? end.endpoint.address.description, width: nameWidth) + port
        }
        return "[" + middleCut(end.endpoint.address.description, width: nameWidth - 2) + "]" + port
    }

    /// Keeps the beginning and the end: `2001:db8…a3ff`. Text of other than plain characters is cut at its end, by
    /// the canvas, which knows widths.
    static func middleCut(_ text: String, width: Int) -> String {
        let characters = Array(text.unicodeScalars)
        guard characters.count > width, width >= 3, text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) else {
            return text
        }
        let tail = (width - 1) / 2
        var result = ""
        result.unicodeScalars.append(contentsOf: characters.prefix(width - 1 - tail))
        result += "…"
        result.unicodeScalars.append(contentsOf: characters.suffix(tail))
        return result
    }
}
