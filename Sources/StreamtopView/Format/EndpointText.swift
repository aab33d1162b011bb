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
        fitted(end.endpoint, named: end.name.flatMap { $0.isEmpty ? nil : $0 }, full(end), width: width)
    }

    static func fitted(_ endpoint: Endpoint, width: Int) -> String {
        fitted(endpoint, named: nil, text(endpoint), width: width)
    }

    private static func fitted(_ endpoint: Endpoint, named name: String?, _ whole: String, width: Int) -> String {
        guard TextWidth.columns(of: whole) > width else { return whole }
        let port = endpoint.port == 0 ? "" : ":\(endpoint.port)"
        let hostWidth = width - port.utf8.count
        guard hostWidth >= 7 else { return whole }
        // Of an IPv4 address the last numbers tell ends apart.
        if name == nil, endpoint.address.isIPv4 {
            return "…" + endpoint.address.description.suffix(hostWidth - 1) + port
        }
        guard name == nil, !port.isEmpty else {
            return middleCut(name ?? endpoint.address.description, width: hostWidth) + port
        }
        return "[" + middleCut(endpoint.address.description, width: hostWidth - 2) + "]" + port
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
