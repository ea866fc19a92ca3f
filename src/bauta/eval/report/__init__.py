"""One page that shows a result: plots as SVG, pictures as JPEG, all inside one HTML file."""
