"""The outside world on loopback: mail servers that answer, readers that open and click, scanners, complaints."""
